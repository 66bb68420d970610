"""Deadline terms: the words that introduce a deadline, and those that introduce another day."""

import re

from granter_data.rules.terms import any_of

LABEL = any_of(
    r"""
    deadline | clos(es?|ing)\b | due\b | apply (by|before|until) | submi(t|ssion) | last (day|date)
    end date | applications? until | frist | schluss | stichtag | date limite | clôture | échéance
    fecha límite | plazo | cierre | prazo | data[- ]limite | encerramento | scadenza | sluit | cut-?off
    expir
    """
)
PERIOD_LABEL = any_of(
    r"""
    application (period|window) | call (period|dates) | window | open(s|ing)? (period|dates)? | dates?\b
    période | periodo | período | zeitraum | timetable | submission period | convocatoria abierta
    inscri(ç|p) | candidatur | solicitud | bewerbung | einreich | ^applications?$ | registration
    """
)
REPLACED = re.compile(r"original|previous|former|\bold\b|ursprünglich|initial", re.I)
OTHER_LABEL = any_of(
    r"""
    publi | posted | updated | modified | start | opening date | decision | result | notif | duration
    laufzeit | interview | webinar | question | enquir | report | stand\b | aktualisiert | mis[e]? à jour
    actualiza | atualiza
    """
)
ROLLING = any_of(
    r"""
    \brolling\b | no (fixed |set |specific )?(closing date|deadline)
    (open|accepted|considered|welcome|apply|submit\w*|write|send|ask)[^.]{0,40}(all year|at any time)
    (open|accepted|considered|welcome|apply|submit\w*)[^.]{0,40}(throughout the year|continuously)
    year[- ]round | until (the )?funds? (is|are) (exhausted|spent) | laufend | jederzeit | ganzjährig
    fortlaufend | au fil de l.eau | en continu | à tout moment | toute l.année | todo el año
    en cualquier momento | plazo abierto | fluxo contínuo | em contínuo | a qualquer momento | todo o ano
    tutto l.anno | a sportello | doorlopend | hele jaar
    """
)
UNDECIDED = any_of(
    r"""
    to be (announced|confirmed|determined|decided|advised|published) | \bt\.?b\.?[acd]\b
    not yet (known|decided|fixed|set) | wird (noch )?(bekannt ?gegeben|festgelegt|veröffentlicht)
    noch (offen|nicht bekannt|unbekannt) | à (venir|confirmer|définir|annoncer|préciser)
    (por|a) (anunciar|confirmar|definir|determinar|publicar) | da (definire|confermare|annunciare|stabilire)
    nog (niet bekend|bekend te maken|te bepalen)
    """
)
CLOSED = any_of(
    r"""
    (this|the|our) ([\w-]+ ){0,3}(call|competition|programme|program|scheme|round) (is|has been) (now |already )?closed
    (this|the|our) ([\w-]+ ){0,3}(opportunity|fund|grant|window) (is|has been) (now |already )?closed
    applications? (are|have been) (now |already )?closed | (we are )?no longer accept(ing)? applications?
    (diese|die) (\w+ )?(ausschreibung|förderung|bewerbungsphase|runde) ist (bereits )?(geschlossen|beendet|abgelaufen)
    (cet|l.) ?appel( à \w+)? est (désormais |maintenant )?(clos|clôturé|fermé|terminé)
    (esta|la) convocatoria (ya )?está (ya )?(cerrada|finalizada)
    (este edital|esta chamada|esta convocatória) (já )?está (encerrad|fechad)[oa]
    (as candidaturas|as inscrições) (já )?estão encerradas
    (questo|il) bando è (già |ora )?(chiuso|scaduto)
    (deze|de) (\w+ )?(regeling|oproep|ronde) is (nu |inmiddels )?gesloten
    """
)
STRONG = any_of(
    r"""
    deadline | clos(es?|ing|ed)\b | \bdue\b | no(t)? later than | at the latest | last (day|date|chance)
    must (be|reach|arrive) | apply (by|before|until) | submit\w* .{0,40}(by|before|until) | received by
    cut-?off | bewerbungsschluss | einsendeschluss | antragsfrist | frist | spätestens | date limite
    au plus tard | avant le | clôture | clos\b | fecha límite | antes del | a más tardar | plazo | cierr
    prazo | data[- ]limite | encerra | scadenza | entro | uiterlijk | sluit
    """
)
WEAK = re.compile(
    r"\b(by|until|before|till|ends?( on)?|to|through|bis|jusqu.au|hasta|até|fino al|tot( en met)?|t/m|au|al)\s+\W*"
    r"((mid\w+|noon|\d\d?[:.h]\d*\s?\w*|close of business)[^.]{0,30})?"
    r"((on|the|el|le|il|zum|dia|día|of|am|des)\s)*"
    r"([^\W\d]+day,?\s|\w+tag,?\s(den\s)?|lundi |mardi |mercredi |jeudi |vendredi )?\W*$",
    re.I,
)
OTHER = any_of(
    r"""
    publish | posted | updated | \bopens?\b | opened | launch | since | \bfrom\b | start | begin | began
    announce | result | decision | decide | interview | webinar | session | briefing | notif | veröffentlicht
    \bab\b | stand\b | publié | à partir | débute | publicad | desde | a partir | inicio | início | found
    establish | born | last (changed|modified) | question | workshop | ceremony
    project(s)? (must|should) (end|finish)
    """
)
AFTER = re.compile(
    r"^\W{0,4}((the|our|all)\s)?((full\s)?(applications?|proposals?|submissions?)\s)?(are\s|is\s)?(due|deadline|clos)\w*"
    r"|^[^.]{0,20}\b(is|was|est|ist|es|é) (the |our |your )?(\w+ )?(deadline|closing|last day|cut-?off)",
    re.I,
)
