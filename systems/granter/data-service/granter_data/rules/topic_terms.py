"""Topic terms: the words that speak of each topic. Each is the beginning of a word unless it ends in `$`."""

import re


def _words(terms: str) -> re.Pattern[str]:
    """Finds words that begin with any of *terms*, which commas or new lines divide."""
    each = [term.strip() for term in re.split(r"[,\n]", terms) if term.strip()]
    either = "|".join(
        re.escape(term.removesuffix("$")).replace(r"\ ", r"\s") + (r"(?!\w)" if term.endswith("$") else r"\w*")
        for term in sorted(each, key=len, reverse=True)
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
        agricultur, agroforest, agroecolog, farm, crop, soil, livestock, orchard, harvest, food, seed bank
        vineyard, beekeep
        landwirt, acker, bauern, ernährung, lebensmittel, ernte, boden, saatgut, agrar, hofläden
        agriculteur, agroécolog, alimenta, élevage, maraîch, semences, récolte, sols$, cultiv, cosecha, semilla
        agrícola, campesin, ganader, agropecu, lavoura, sementes, colheita, aliment, agricolt, aziende agricole
        cibo
        landbouw, boer, voedsel, akker
    """),
    "arts and culture": _words("""
        art$, arts$, artist, theatre, theater, music, orchestra, choir, dance, dancer, film$, films$, cinema
        literature, poet
        novel, gallery, exhibition, sculpt, painter, concert, cultural, culture, translat, comics, festival
        kunst, künstl, musik, chor$, chöre, tanz, bühne, literatur, ausstellung, kultur, kino
        théâtre, musique, danse, artiste, cinéma, culturel, littérature, exposition, spectacle, chorale
        teatro, música, danza, dança, artista, cine$, literatura, exposici, cultura, poesía, poesia
        musica, arte$, arti$, muziek, toneel, kunstenaar, cultuur
    """),
    "biodiversity": _words("""
        biodivers, wildlife, species, habitat, pollinator, bee$, bees$, wetland, forest, woodland, rewild, bird
        peatland, ecosystem
        meadow, insect, hedgerow, nature conservation, nature reserve
        artenvielfalt, naturschutz, lebensr, arten$, wald$, wälder, moor$, moore, wiesen, vögel, bestäuber
        biotop
        espèce, zones humides, forêt, oiseau, pollinisat, faune, flore, haies, milieux naturels
        especie, hábitat, bosque, humedal, fauna, aves$, polinizador, biodiversid
        espécie, floresta, zonas húmidas, polinizad, specie$, boschi, uccelli, impollinator, zone umide
        soorten, natuurgebied, vogels, bossen, weide
    """),
    "climate and energy": _words("""
        climate, carbon, emission, energy, solar, renewable, wind power, wind turbine, heat pump, geothermal
        battery, batteries, hydrogen
        adaptation, heatwave, decarboni
        klima, energie, solar, wärmepumpe, wasserstoff, emissionen, treibhaus, windkraft, erneuerbar, geothermie
        batterie
        climat, énergie, énergétique, solaire, éolien, renouvelable, pompes à chaleur, hydrogène, géothermi
        clima$, climátic, energía, emisiones, eólic, renovable, bombas de calor, hidrógeno
        energia, emissões, renováve, eólica, climatic, emissioni, rinnovabil, pompe di calore, idrogeno
        klimaat, zonne, windenergie, warmtepomp, waterstof
    """),
    "digital": _words("""
        digital, software, open source, open data, data$, algorithm, artificial intelligence, machine learning
        cyber, internet
        broadband, computing, coding, programming
        digitali, künstliche intelligenz, quelloffen, datenräume, offene daten, breitband, programmier, rechen
        daten$
        numérique, logiciel, données, intelligence artificielle, informatique
        datos, inteligencia artificial, código abierto, informátic, ciberseg, dados$, inteligência artificial
        código aberto
        dati$, intelligenza artificiale, informatic, digitaal, kunstmatige intelligentie
    """),
    "education": _words("""
        education, school, teacher, pupil, classroom, curriculum, literacy, student, kindergarten, apprentice
        tutor, scholarship, learner
        bildung, schule, schüler, lehrkr, unterricht, lehrplan, kita$, kitas$, ausbildung, lernende
        klassenzimmer, schul
        éducation, école, enseignant, élève, scolaire, apprentissage, lycée, pédagog, classes$
        educación, educativ, escuela, docente, alumn, escolar, aula$, aulas$, maestr, bibliotecas escolares
        educação, escola, professor, aluno, ensino, aprendiz, istruzione, scuol, insegnant, studenti, didattic
        onderwijs, scholen, leraar, leerling, leerkracht
    """),
    "health": _words("""
        health, hospital, clinic, patient, disease, nurse, medical, medicine, cancer, vaccin, diagnos, therap
        mental, midwi, dementia
        gesundheit, krankenh, patient, pflege, krankheit, medizin, impf, hebamme, demenz, klinik, krebs
        santé, hôpital, hôpita, maladie, soins, soignant, médec, médica, infirmi, sages-femmes
        salud, hospita, enfermedad, enfermer, paciente, médic, matronas, clínic, sanitari
        saúde, doença, doente, parteira, salute, ospedal, malatti, infermier, pazient, ostetric
        gezondheid, ziekenhui, patiënt, zorg, verpleeg
    """),
    "heritage": _words("""
        heritage, museum, archive, monument, archaeolog, restoration of historic, historic building, manuscript
        castle, conservator
        listed building, oral histor, folklore
        denkmal, kulturerbe, archiv, burgen, baudenkm, handschriften, archäolog, restaurator, heimat
        patrimoine, musée, archives, monuments historiques, archéolog, manuscrit, châteaux, restaurateur
        patrimonio, museo, archivo, arqueol, manuscrit, castillo, restaurador
        património, museu, arquivo, arqueol, castelo, azulejo, archivi$, musei, archeolog, castelli
        erfgoed, musea, archief, archeolog, kasteel, monumenten
    """),
    "water and oceans": _words("""
        ocean, marine, sea$, seas$, coast, fisher, reef, river, lake, water, harbour, estuar, plankton
        catchment, groundwater, aquacultur
        meer$, meere, küste, flüsse, fluss, gewässer, wasser$, grundwasser, fischer, hafen, trinkwasser, seen$
        océan, mer$, mers$, littora, pêche, rivière, fleuve, eau$, eaux$, lacs$, nappes$, marin
        océano, mar$, mares$, costa, costero, pesca, pesquer, río$, ríos$, agua, acuífer, oceán
        oceano, oceânic, rio$, rios$, água, costeir, aquífer, mare$, fiumi, acqua, acque, laghi, costier
        oceaan, zee$, zeeën, kust, rivier, visser, grondwater
    """),
    "research": _words("""
        research, scien, laborator, postdoc, doctoral, phd$, universit, fellowship, instrument, experiment
        forschung, forsche, wissenschaft, labor$, labore, hochschul, promovier, promotion
        recherche, chercheu, scientifi, laboratoire, doctora
        investigaci, investigador, científic, ciencia, universidad, posdoctor
        pesquisa, investigador, ciência, científic, universidade, ricerc, scienz, scientific, onderzoek
        wetenschap, laboratori
    """),
    "social inclusion": _words("""
        inclusion, disab, refugee, migrant, homeless, poverty, elderly, older people, youth work, accessib
        carers, equality, loneli
        neighbourhood, single parents, food bank, foster
        inklusion, behinder, geflücht, obdachlos, armut, senior, barrierefrei, gleichstellung, einsamkeit
        nachbarschaft, alleinerzieh
        handicap, réfugié, sans-abri, pauvreté, personnes âgées, isolement, quartiers, égalité
        familles monoparentales
        inclusión, discapaci, refugiad, sin hogar, pobreza, personas mayores, soledad, barrios, igualdad
        inclusão, deficiên, sem-abrigo, pobreza, idos, solidão, bairros, igualdade
        inclusione, disabilit, rifugiat, senzatetto, povertà, anziani, solitudine, quartier
        inclusie, vluchteling, dakloz, armoede, ouderen, eenzaamheid, beperking
    """),
    "enterprise": _words("""
        start-up, startup, entrepreneur, small business, sme$, smes$, cooperative, social enterprise
        market entry, manufactur, craft, workshop owner
        gründer, gründung, unternehme, mittelstand, kmu$, genossenschaft, handwerk, betriebe$
        entreprise, entrepreneu, pme$, coopérative, artisan, jeunes pousses
        empresa, emprend, pyme, cooperativa, artesan, empresári, pme$, artesanato, empreended
        imprese, imprendit, artigian, cooperativ, pmi$
        ondernem, mkb$, coöperatie, ambacht, bedrijven
    """),
}
