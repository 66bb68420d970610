"""Classification: whether a page is a notice, or one of the other pages that sites have."""

from granter_data.rules.amount import Amount
from granter_data.rules.boilerplate import is_boilerplate
from granter_data.rules.deadline import Deadline
from granter_data.rules.funder import is_funder
from granter_data.rules.page import Page
from granter_data.rules.terms import any_of

_GIVING = any_of(
    r"""
    \bgrants?\b | grant-? ?mak | \bfund(s|ed|er|ers|ing)?\b | \baward(s|ed)?\b | fellowship | bursar
    scholarship | \bprizes?\b
    \bcalls?\b | residenc | stipend | sponsor | subsid | \bdonat | \bsupports?\b | \bapplica | \bappl(y|ies)\b
    \bpropos | \baid\b
    \bgives?\b | \bpays?\b | \bgiving\b | \bcompetition | challenge | voucher | allowance | \bloans?\b | microgrant
    seed money | honorari | \bfee\b | commission
    förder | zuschuss | zuschüss | stipendi | ausschreib | beihilf | wettbewerb | \bpreis | antrag | bewerb | zuwendung
    subvention | bourse | \baides?\b | \bappels?\b | dotation | \bprix\b | candidat | soutien | financ
    subvenci | \bbecas? | \bayudas? | convocatori | \bpremios? | dotaci | solicit | \bapoyo
    \bbolsas? | edita(l|is) | \bapoios? | \bprémios? | \bprêmios? | fomento | inscri | \bbandi\b | \bbando\b | contribut
    \bborse?\b | \bpremi\b | domand | sovvenz | finanzia | subsidie | beurs | \bprijs | regeling | aanvra | bijdrag
    """
)


def is_notice(page: Page, title: str, funder: str | None, deadline: Deadline, amount: Amount | None) -> bool:
    """Return whether the page is a notice.

    It must name a funder, a deadline or an amount. One of them is enough if the page also uses a word of giving, such
    as "grant"; without such a word, it must name the funder with a deadline or an amount.
    """
    if is_boilerplate(title) or (funder is None and deadline.kind == "unknown" and amount is None):
        return False
    dated = deadline.kind != "unknown" and funder is not None
    paid = amount is not None and any(is_funder(label) for label, _ in page.pairs)
    return dated or paid or any(_GIVING.search(line) for line in (title, *page.lines))
