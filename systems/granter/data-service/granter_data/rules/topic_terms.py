"""Topic terms: the vocabulary of each topic. Each term is the beginning of a word unless it ends in `$`."""

import re
from collections.abc import Iterable, Mapping
from functools import cache


def _words(terms: str) -> dict[str, tuple[str, ...]]:
    """Return the terms of each language. A line names its languages, or `any`, and its terms with commas between."""
    found: dict[str, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, terms.splitlines())):
        languages, _, words = line.partition(": ")
        for language in languages.split(","):
            found[language] = (*found.get(language, ()), *(word.strip() for word in words.split(",")))
    return found


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds words which begin with any of *terms*."""
    either = "|".join(
        re.escape(term.removesuffix("$")).replace(r"\ ", r"\s") + (r"(?!\w)" if term.endswith("$") else r"\w*")
        for term in sorted(terms, key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?:{either})", re.IGNORECASE)


LABEL = re.compile(
    r"\b(topics?|themes?|thematic|subjects?|keywords?|categor|fields?|sectors?|themen?|themenfeld|förderbereich|bereich"
    r"|schlagw|thématique|thème|domaine|mots[- ]clés|temática|temas?|ámbito|área|materia|palavras-chave"
    r"|settore|ambito|onderwerp|thema)",
    re.I,
)

TERMS = {
    "agriculture and food": _words("""
        any: agroforest, agroecolog
        en: agricultur, agroforest, agroecolog, farm, crop, soil, livestock, orchard, harvest, food, seed bank
        en: vineyard, beekeep
        de: landwirt, acker, bauern, ernährung, lebensmittel, ernte, boden, saatgut, agrar, hofläden
        fr,es: agriculteur, agroécolog, alimenta, élevage, maraîch, semences, récolte, sols$, cultiv, cosecha, semilla
        es,pt,it: agrícola, campesin, ganader, agropecu, lavoura, sementes, colheita, aliment, agricolt
        it: aziende agricole
        it: cibo
        nl: landbouw, boer, voedsel, akker
    """),
    "arts and culture": _words("""
        any: festival, film$, films$, concert, orchest
        en: art$, arts$, artist, theatre, theater, music, orchestra, choir, dance, dancer, film$, films$, cinema
        en: literature, poet
        en: novel, gallery, exhibition, sculpt, painter, concert, cultural, culture, translat, comics, festival
        de: kunst, künstl, musik, chor$, chöre, tanz, bühne, literatur, ausstellung, kultur, kino
        fr: théâtre, musique, danse, artiste, cinéma, culturel, littérature, exposition, spectacle, chorale
        es,pt,it: teatro, música, danza, dança, artista, cine$, literatura, exposici, cultura, poesía, poesia
        it: musica, arte$, arti$
        nl: muziek, toneel, kunst, cultuur
    """),
    "biodiversity": _words("""
        any: biodivers, habitat
        en: biodivers, wildlife, species, habitat, pollinator, bee$, bees$, wetland, forest, woodland, rewild, bird
        en: peatland, ecosystem
        en: meadow, insect, hedgerow, nature conservation, nature reserve
        de: artenvielfalt, naturschutz, lebensr, arten$, wald$, wälder, moor$, moore, wiesen, vögel, bestäuber
        de: biotop
        fr: espèce, zones humides, forêt, oiseau, pollinisat, faune, flore, haies, milieux naturels
        es: especie, hábitat, bosque, humedal, fauna, aves$, polinizador, biodiversid
        es,pt,it: espécie, floresta, zonas húmidas, polinizad, specie$, boschi, uccelli, impollinator, zone umide
        nl: soorten, natuurgebied, vogels, bossen, weide
    """),
    "climate and energy": _words("""
        any: solar
        en: climate, carbon, emission, energy, solar, renewable, wind power, wind turbine, heat pump, geothermal
        en: battery, batteries, hydrogen
        en: adaptation, heatwave, decarboni
        de: klima, energie, solar, wärmepumpe, wasserstoff, emissionen, treibhaus, windkraft, erneuerbar, geothermie
        de: batterie
        fr: climat, énergie, énergétique, solaire, éolien, renouvelable, pompes à chaleur, hydrogène, géothermi
        es: clima$, climátic, energía, emisiones, eólic, renovable, bombas de calor, hidrógeno
        es,pt,it: energia, emissões, renováve, eólica, climatic, emissioni, rinnovabil, pompe di calore, idrogeno
        nl: klimaat, zonne, windenergie, warmtepomp, waterstof
    """),
    "digital": _words("""
        any: digital, software, open source, open data, cyber, internet, algorithm
        en: digital, software, open source, open data, data$, algorithm, artificial intelligence, machine learning
        en: cyber, internet
        en: broadband, computing, coding, programming
        de: digitali, künstliche intelligenz, quelloffen, datenräume, offene daten, breitband, programmier, rechen
        de: daten$
        fr: numérique, logiciel, données, intelligence artificielle, informatique
        es,pt: datos, inteligencia artificial, código abierto, informátic, ciberseg, dados$, inteligência artificial
        es,pt: código aberto
        it: dati$, intelligenza artificiale, informatic
        nl: digitaal, digitale, kunstmatige intelligentie
    """),
    "education": _words("""
        any: student
        en: education, school, teacher, pupil, classroom, curriculum, literacy, student, kindergarten, apprentice
        en: tutor, scholarship, learner
        de: bildung, schule, schüler, lehrkr, unterricht, lehrplan, kita$, kitas$, ausbildung, lernende
        de: klassenzimmer, schul
        fr: éducation, école, enseignant, élève, scolaire, apprentissage, lycée, pédagog, classes$
        es: educación, educativ, escuela, docente, alumn, escolar, aula$, aulas$, maestr, bibliotecas escolares
        es,pt,it: educação, escola, professor, aluno, ensino, aprendiz, istruzione, scuol, insegnant, studenti, didattic
        nl: onderwijs, scholen, leraar, leerling, leerkracht
    """),
    "health": _words("""
        any: cancer, vaccin, diagnos, therap, patient, clinic
        en: health, hospital, clinic, patient, disease, nurse, medical, medicine, cancer, vaccin, diagnos, therap
        en: mental, midwi, dementia
        de: gesundheit, krankenh, patient, pflege, krankheit, medizin, impf, hebamme, demenz, klinik, krebs
        fr: santé, hôpital, hôpita, maladie, soins, soignant, médec, médica, infirmi, sages-femmes
        es: salud, hospita, enfermedad, enfermer, paciente, médic, matronas, clínic, sanitari
        es,pt,it: saúde, doença, doente, parteira, salute, ospedal, malatti, infermier, pazient, ostetric
        nl: gezondheid, ziekenhui, patiënt, zorg, verpleeg
    """),
    "heritage": _words("""
        any: museum, monument, archive$, archives$
        en: heritage, museum, archive, monument, archaeolog, restoration of historic, historic building, manuscript
        en: castle, conservator
        en: listed building, oral histor, folklore
        de: denkmal, kulturerbe, archiv, burgen, baudenkm, handschriften, archäolog, restaurator, heimat
        fr: patrimoine, musée, archives, monuments historiques, archéolog, manuscrit, châteaux, restaurateur
        es,pt,it: patrimonio, museo, archivo, arqueol, manuscrit, castillo, restaurador
        es,pt,it: património, museu, arquivo, arqueol, castelo, azulejo, archivi$, musei, archeolog, castelli
        nl: erfgoed, musea, archief, archeolog, kasteel, monumenten
    """),
    "water and oceans": _words("""
        any: marine$, plankton, aquacultur, ocean
        en: ocean, marine, sea$, seas$, coast, fisher, reef, river, lake, water, harbour, estuar, plankton
        en: catchment, groundwater, aquacultur
        de: meer$, meere, küste, flüsse, fluss, gewässer, wasser$, grundwasser, fischer, hafen, trinkwasser, seen$
        fr: océan, mer$, mers$, littora, pêche, rivière, fleuve, eau$, eaux$, lacs$, nappes$, marin
        es: océano, mar$, mares$, costa, costero, pesca, pesquer, río$, ríos$, agua, acuífer, oceán
        es,pt,it: oceano, oceânic, rio$, rios$, água, costeir, aquífer, mare$, fiumi, acqua, acque, laghi, costier
        nl: oceaan, zee$, zeeën, kust, rivier, visser, grondwater
    """),
    "research": _words("""
        any: laborator, postdoc, doctoral, phd$, universit
        en: research, scien, laborator, postdoc, doctoral, phd$, universit, fellowship, instrument, experiment
        de: forschung, forsche, wissenschaft, labor$, labore, hochschul, promovier, promotion
        fr: recherche, chercheu, scientifi, laboratoire, doctora
        es: investigaci, investigador, científic, ciencia, universidad, posdoctor
        pt: pesquisa, investigador, ciência, científic, universidade
        it: ricerc, scienz, scientific, universit
        nl: onderzoek
        nl: wetenschap
        it: laboratori
    """),
    "social inclusion": _words("""
        any: inclusi
        en: inclusion, disab, refugee, migrant, homeless, poverty, elderly, older people, youth work, accessib
        en: carers, equality, loneli
        en: neighbourhood, single parents, food bank, foster
        de: inklusion, behinder, geflücht, obdachlos, armut, senior, barrierefrei, gleichstellung, einsamkeit
        de: nachbarschaft, alleinerzieh
        fr: handicap, réfugié, sans-abri, pauvreté, personnes âgées, isolement, quartiers, égalité
        fr: familles monoparentales
        es: inclusión, discapaci, refugiad, sin hogar, pobreza, personas mayores, soledad, barrios, igualdad
        pt: inclusão, deficiên, sem-abrigo, pobreza, idos, solidão, bairros, igualdade
        it: inclusione, disabilit, rifugiat, senzatetto, povertà, anziani, solitudine, quartier
        nl: inclusie, vluchteling, dakloz, armoede, ouderen, eenzaamheid, beperking
    """),
    "enterprise": _words("""
        any: start-up, startup
        en: start-up, startup, entrepreneur, small business, sme$, smes$, cooperative, social enterprise
        en: market entry, manufactur, craft, workshop owner
        de: gründer, gründung, unternehme, mittelstand, kmu$, genossenschaft, handwerk, betriebe$
        fr: entreprise, entrepreneu, pme$, coopérative, artisan, jeunes pousses
        es,pt: empresa, emprend, pyme, cooperativa, artesan, empresári, pme$, artesanato, empreended
        it: imprese, imprendit, artigian, cooperativ, pmi$
        nl: ondernem, mkb$, coöperatie, ambacht, bedrijven
    """),
}


_ALIKE = {"es": ("es", "pt"), "pt": ("pt", "es")}
"""Languages that are easily mistaken for each other where a page does not declare its own."""


@cache
def terms_of(*languages: str) -> Mapping[str, re.Pattern[str]]:
    """Return, by topic, a pattern of its words in *languages*; in all languages if `TERMS` has none of these.

    Words of other languages are left out because they may mean something else: German *Seen* are lakes.
    """
    read = {alike for language in languages for alike in _ALIKE.get(language, (language,))}
    every = not any(read & words.keys() for words in TERMS.values())
    return {
        topic: _pattern(
            term for language, terms in words.items() if every or language in {"any", *read} for term in terms
        )
        for topic, words in TERMS.items()
    }
