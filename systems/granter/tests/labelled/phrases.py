# ruff: noqa: E501 (the phrases are long)
"""Phrases of notices, by language. Phrases with `!` are used only in the scored half."""

# theme: topics, and per language its names and sentences about it
THEMES: dict[str, tuple[tuple[str, ...], dict[str, tuple[list[str], list[str]]]]] = {
    "reefs": (
        ("water and oceans", "biodiversity"),
        {
            "en": (
                ["Coral Reef Repair", "!Seagrass Meadows Return", "Quiet Seas for Whales"],
                [
                    "Divers, biologists and fishers plant what storms have torn away, and count the species that return.",
                    "Marine habitat that was lost to dredging can grow again when coastal towns look after it.",
                    "!We pay for boats, nurseries and the patience that an ocean asks for; biodiversity is measured.",
                ],
            ),
            "fr": (["Récifs et herbiers marins"], ["Les espèces marines reviennent quand la mer est laissée en paix."]),
            "es": (["Arrecifes vivos"], ["Recuperar el hábitat marino y las especies de la costa con los pescadores."]),
        },
    ),
    "rivers": (
        ("water and oceans",),
        {
            "en": (
                ["Clean Rivers Together", "!Groundwater Watchers", "Small Harbours, Safe Harbours"],
                [
                    "Anglers and councils test the water of their river each week and publish what they find.",
                    "!Lakes and wells are measured by those who drink from them.",
                    "Projects along one catchment apply together.",
                ],
            ),
            "de": (
                ["Saubere Flüsse", "Grundwasser verstehen"],
                ["Gemeinden und Vereine untersuchen gemeinsam ihre Gewässer und das Trinkwasser."],
            ),
            "pt": (["Rios sem barreiras"], ["Remover açudes abandonados para que a água e os rios corram livres."]),
            "nl": (["Schone rivieren"], ["Bewoners meten samen de kwaliteit van het grondwater en de rivier."]),
        },
    ),
    "soil": (
        ("agriculture and food",),
        {
            "en": (
                ["Living Soils", "!Seed Libraries for Growers", "Milk, Cheese and Fair Prices"],
                [
                    "Farmers try new rotations on a tenth of their land and report the harvest to their neighbours.",
                    "!Food that is grown within a day's walk: growers, cooks and farm shops plan together.",
                    "Livestock keepers and growers of old crops are welcome.",
                ],
            ),
            "de": (
                ["Gesunde Böden für Höfe", "Hofläden im Dorf"],
                ["Landwirtinnen und Landwirte erproben humusreiche Böden und zeigen ihre Ernte."],
            ),
            "fr": (["Maraîchage de proximité"], ["Les agriculteurs partagent semences et récoltes avec les cantines."]),
            "it": (
                ["Semi e aziende agricole"],
                ["Le aziende agricole conservano varietà antiche e migliorano l'agricoltura."],
            ),
        },
    ),
    "orchards": (
        ("agriculture and food", "education"),
        {
            "en": (
                ["School Orchards", "!Cooking Classrooms"],
                [
                    "Every school plants ten fruit trees, and pupils look after the harvest; teachers get help.",
                    "!Pupils learn where food comes from by growing it at school.",
                ],
            ),
            "es": (["Huertos escolares"], ["Las escuelas y sus alumnos cultivan alimentos en el huerto."]),
        },
    ),
    "bees": (
        ("biodiversity",),
        {
            "en": (
                ["Corridors for Bees", "!Night Moths and Hedgerows", "Wetland Birds Count"],
                [
                    "Meadow strips join what roads have cut, so that pollinators find their way.",
                    "!Volunteers lay hedgerows, and count birds and insects before and after.",
                    "Habitat for rare species comes before paths and signs.",
                ],
            ),
            "de": (
                ["Wiesen für Bestäuber", "Moore kehren zurück"],
                ["Wer Lebensräume für bedrohte Arten schafft, Wiesen anlegt oder Moore vernässt, ist richtig."],
            ),
            "fr": (["Haies et pollinisateurs"], ["Planter des haies, accueillir les oiseaux et compter les espèces."]),
            "nl": (
                ["Bloemrijke weides"],
                ["Wij betalen zaad en beheer voor weides waar vogels en zeldzame soorten terugkeren."],
            ),
        },
    ),
    "heat": (
        ("climate and energy",),
        {
            "en": (
                ["Cool Streets in Heatwaves", "!Carbon Ledgers for Towns", "Heat Pumps for Halls"],
                [
                    "Halls, clubs and libraries replace oil boilers and cut emissions by half.",
                    "Solar roofs that belong to those who live under them are preferred.",
                    "!Plans for adaptation to a hotter climate are paid, and their first metres too.",
                ],
            ),
            "de": (
                ["Wärmepumpen für Vereine", "Klimapläne für Gemeinden"],
                ["Erneuerbare Energie für Vereinsheime: Solardächer, Wärmepumpen und Beratung."],
            ),
            "es": (
                ["Tejados solares compartidos"],
                ["Comunidades que instalan energía renovable y reducen emisiones."],
            ),
            "it": (["Tetti solari condivisi"], ["Le comunità installano energia rinnovabile e riducono le emissioni."]),
            "pt": (["Telhados solares"], ["Energia solar para comunidades que querem reduzir emissões."]),
        },
    ),
    "hydrogen": (
        ("climate and energy", "research"),
        {
            "en": (
                ["Hydrogen Storage Research", "!Doctoral Grants in Battery Chemistry"],
                [
                    "Laboratories study how renewable energy is kept for the winter; doctoral researchers lead the work.",
                    "!Scientists at universities test cells and batteries that need no rare metals.",
                ],
            ),
            "de": (
                ["Batterieforschung an Hochschulen"],
                ["Gefördert wird Forschung zu Batterien und Wasserstoff an Hochschulen und in Laboren."],
            ),
            "fr": (
                ["Recherche sur l'hydrogène"],
                ["Les laboratoires de recherche étudient le stockage de l'énergie renouvelable."],
            ),
        },
    ),
    "code": (
        ("digital",),
        {
            "en": (
                ["Maintainers of Open Source", "!Rural Broadband Helpers", "Data for Small Charities"],
                [
                    "Software that many use and few pay for gets a year of care.",
                    "!Cybersecurity for those who have no department for it, and coding evenings for all.",
                    "Open data sets are published together with the code that made them.",
                ],
            ),
            "de": (["Quelloffene Werkzeuge"], ["Für Software, die quelloffen ist und offene Daten nutzbar macht."]),
            "es": (["Código abierto municipal"], ["Municipios que publican datos y código abierto."]),
            "fr": (["Logiciels libres en mairie"], ["Les communes partagent logiciels et données ouvertes."]),
        },
    ),
    "classroom": (
        ("education",),
        {
            "en": (
                ["Maths Circles", "!Reading Before Seven", "Teachers Exchange"],
                [
                    "Teachers plan a year of lessons with pupils who find school hard.",
                    "!Tutors and kindergarten staff meet each fortnight; learners decide what is tried next.",
                    "Classroom material is free for every other school.",
                ],
            ),
            "de": (
                ["Lernwerkstatt Grundschule", "Lesen lernen vor sieben"],
                ["Lehrkräfte und Schülerinnen entwickeln Unterricht, der allen Schulen offensteht."],
            ),
            "fr": (["Lecture à l'école"], ["Les enseignants et leurs élèves lisent chaque matin dans leur école."]),
            "pt": (["Leitura na escola"], ["Professores e alunos leem juntos em cada escola."]),
            "nl": (
                ["Leesplezier in de klas"],
                ["Leerkrachten en leerlingen lezen elke ochtend op school, voor beter onderwijs."],
            ),
        },
    ),
    "wards": (
        ("health",),
        {
            "en": (
                ["Nurses Lead Change", "!Dementia Friendly Clinics", "Diagnostics Near Home"],
                [
                    "Hospitals give nurses a day a week to repair what harms patients.",
                    "!Midwives and clinics try out care at home, and patients report whether it helped.",
                    "Mental health belongs in every application.",
                ],
            ),
            "de": (
                ["Pflege neu denken"],
                ["Krankenhäuser und Pflegedienste verbessern die Gesundheit ihrer Patientinnen."],
            ),
            "es": (["Salud en el barrio"], ["Centros de salud, enfermeras y pacientes mejoran juntos la salud."]),
            "fr": (["Soins près de chez soi"], ["Infirmières, patients et médecins inventent la santé de demain."]),
            "it": (
                ["Salute di prossimità"],
                ["Infermieri e pazienti migliorano insieme la salute fuori dagli ospedali."],
            ),
        },
    ),
    "trials": (
        ("health", "research"),
        {
            "en": (
                ["Rare Disease Research Seeds", "!Translational Vaccine Fellowships"],
                [
                    "Research teams at hospitals bring a finding from the laboratory to the patient.",
                    "!Early scientists test therapies for diseases that no company studies; research is published openly.",
                ],
            ),
            "pt": (
                ["Pesquisa em doenças raras"],
                ["Pesquisa científica sobre doenças raras em hospitais e universidades."],
            ),
        },
    ),
    "archives": (
        ("heritage",),
        {
            "en": (
                ["Sound Archives at Risk", "!Castles Without Owners", "Manuscripts Made Safe"],
                [
                    "Conservators save what damp and time have reached, in museums without a budget.",
                    "!Listed buildings and monuments that no one heats get a roof first.",
                    "Small archives describe what they hold.",
                ],
            ),
            "de": (
                ["Archive in Gefahr", "Denkmale der Industrie"],
                ["Museen, Archive und Denkmale erhalten, was Feuchtigkeit und Zeit bedrohen."],
            ),
            "fr": (["Manuscrits à sauver"], ["Les archives et musées restaurent leur patrimoine fragile."]),
            "pt": (["Arquivos em risco"], ["Museus e arquivos salvam património em risco."]),
            "es": (["Archivos en riesgo"], ["Museos y archivos restauran el patrimonio que la humedad amenaza."]),
        },
    ),
    "stage": (
        ("arts and culture",),
        {
            "en": (
                ["New Plays for Small Stages", "!Choirs on Tour", "First Novels"],
                [
                    "Theatre for towns that have a hall and no company.",
                    "!Dancers, poets and choirs rehearse where rent is low, and play where there is no stage yet.",
                    "Artists without training are as welcome as those with it.",
                ],
            ),
            "de": (
                ["Bühne frei im Dorf", "Chöre unterwegs"],
                ["Kunst und Musik dort, wo selten jemand auftritt: Theater, Tanz und Chöre."],
            ),
            "fr": (["Théâtre des petites scènes"], ["Artistes, danse et musique dans les villages sans théâtre."]),
            "es": (["Teatro en los pueblos"], ["Compañías de teatro, danza y música que van donde no hay escenario."]),
            "it": (["Teatro nei paesi"], ["Artisti, musica e danza nei paesi senza teatro."]),
            "nl": (["Toneel in het dorp"], ["Kunstenaars brengen muziek en toneel naar dorpen zonder schouwburg."]),
        },
    ),
    "museumart": (
        ("arts and culture", "heritage"),
        {
            "en": (
                ["Artists in Museums", "!Film Archives Reopened"],
                [
                    "A museum opens its stores to a living artist, and shows what both find: culture and heritage at one table.",
                    "!Film heritage is shown again in the cinema, with music played live.",
                ],
            ),
            "de": (
                ["Kunst trifft Archiv"],
                ["Künstlerinnen arbeiten mit Museen und Archiven, Kunst und Denkmal begegnen sich."],
            ),
        },
    ),
    "arrivals": (
        ("social inclusion",),
        {
            "en": (
                ["Welcome Neighbours", "!Carers Take a Break", "Accessible Trails"],
                [
                    "Refugees and those who lived here before cook, repair and argue together.",
                    "!Loneliness of older people is answered door by door.",
                    "Accessibility for disabled people is planned by disabled people.",
                ],
            ),
            "de": (
                ["Nachbarschaft für alle", "Gemeinsam gegen Einsamkeit"],
                ["Inklusion im Alltag: Menschen mit Behinderung, Geflüchtete und Senioren planen selbst."],
            ),
            "es": (["Mayores acompañados"], ["Vecinos contra la soledad de las personas mayores y la pobreza."]),
            "fr": (
                ["Voisins solidaires"],
                ["Contre l'isolement des personnes âgées et pour les réfugiés du quartier."],
            ),
            "it": (["Vicini solidali"], ["Contro la solitudine degli anziani e per i rifugiati del quartiere."]),
        },
    ),
    "workers": (
        ("enterprise", "social inclusion"),
        {
            "en": (
                ["Refugee Entrepreneurs", "!Cooperatives of Carers"],
                [
                    "Refugees who start a small business get a year of rent and advice against poverty.",
                    "!Social enterprises owned by disabled people hire their first staff.",
                ],
            ),
            "fr": (
                ["Entreprises d'insertion"],
                ["Des entreprises et coopératives créées par des réfugiés, contre la pauvreté."],
            ),
        },
    ),
    "crafts": (
        ("enterprise",),
        {
            "en": (
                ["Craft Workshops Pass On", "!First Hires for Start-ups", "Village Cooperatives"],
                [
                    "Entrepreneurs take over a craft business from those who retire.",
                    "!Small businesses and cooperatives that make things get machines and rooms.",
                    "Start-ups in their first three years may apply.",
                ],
            ),
            "de": (
                ["Handwerk geht weiter", "Gründen auf dem Land"],
                ["Gründerinnen und Gründer übernehmen Betriebe im Handwerk oder beginnen eine Genossenschaft."],
            ),
            "es": (["Emprender en el pueblo"], ["Emprendedores y cooperativas que abren una empresa en el pueblo."]),
            "it": (["Botteghe artigiane"], ["Giovani imprenditori continuano il lavoro di imprese artigiane."]),
        },
    ),
    "skies": (
        ("research",),
        {
            "en": (
                ["Dark Sky Instruments", "!Postdocs Without Borders", "Open Seismology"],
                [
                    "Scientists build instruments that others may copy.",
                    "!Universities host postdoctoral researchers from countries at war.",
                    "Experiments that fail are published like those that work.",
                ],
            ),
            "de": (
                ["Messgeräte der Wissenschaft"],
                ["Forscherinnen und Forscher bauen Instrumente, die andere nachbauen dürfen."],
            ),
            "es": (
                ["Ciencia en red"],
                ["Investigadores y universidades que comparten la investigación y sus instrumentos."],
            ),
            "pt": (["Ciência partilhada"], ["Investigadores e universidades que partilham ciência e laboratórios."]),
            "nl": (["Open wetenschap"], ["Onderzoekers delen hun laboratorium en publiceren onderzoek open."]),
        },
    ),
    "datahealth": (
        ("digital", "health"),
        {
            "en": (
                ["Digital Records for Rural Clinics", "!Open Data for Hospitals"],
                [
                    "Software that nurses like: clinics choose, patients own their data.",
                    "!Hospitals publish data and algorithms that help patients wait less.",
                ],
            )
        },
    ),
    "edtech": (
        ("digital", "education"),
        {
            "en": (
                ["Coding in Every School", "!Teachers and Artificial Intelligence"],
                [
                    "Teachers and pupils write software for their own school.",
                    "!Digital lessons that schools own: teachers learn how algorithms decide.",
                ],
            ),
            "de": (
                ["Programmieren in der Schule"],
                ["Schülerinnen programmieren Software, Lehrkräfte lernen digitale Werkzeuge."],
            ),
        },
    ),
}

FUNDERS = {
    "en": [
        "Harrow & Pike Charitable Trust",
        "Northern Lights Foundation",
        "Council for Shared Places",
        "Wren Endowment",
        "Agency for Rural Futures",
        "Marlowe Family Foundation",
        "Institute for Slow Science",
        "Blue Lantern Fund",
        "Ministry of Community Affairs",
        "Association of Free Towns",
        "Alder Grove Philanthropies",
        "Tidewater Partnership",
        "!Penhallow Settlement",
        "!Office for Public Commons",
        "!Brackish Water Society",
        "!Royal Guild of Menders",
    ],
    "de": [
        "Stiftung Nordlicht",
        "Bundesamt für Gemeinwohl",
        "Bürgerstiftung Lindental",
        "Ministerium für Landesentwicklung",
        "Heinrich-Sommer-Stiftung",
        "!Landesverband der Werkstätten",
        "!Sparkassenstiftung Auenland",
    ],
    "fr": [
        "Fondation des Trois Rivières",
        "Agence de la Vie Locale",
        "Fondation Marguerite Aubry",
        "!Caisse des Communs",
        "!Ministère des Solidarités Nouvelles",
    ],
    "es": ["Fundación Alameda", "Instituto de Cultura Vecinal", "Fundación Ribera Clara", "!Consejo de Tierras Altas"],
    "pt": ["Fundação Maré Alta", "Instituto Terra Comum", "!Liga dos Ofícios"],
    "it": ["Fondazione Colle Verde", "Ente per le Terre Alte", "!Compagnia dei Mestieri"],
    "nl": ["Stichting Waterkant", "Fonds Nieuwe Dijken", "!Genootschap Laagland"],
}

TITLES = {
    "en": [
        "{t}",
        "{t} {year}",
        "{t} Fund",
        "Small Grants: {t}",
        "{t}, second round",
        "!The {t} Programme",
        "!{t}: open call {year}",
    ],
    "de": ["{t}", "{t} {year}", "Förderprogramm {t}", "!Ausschreibung {year}: {t}"],
    "fr": ["{t}", "{t} {year}", "Appel {year} : {t}", "!Programme {t}"],
    "es": ["{t}", "{t} {year}", "Programa {t}", "!Convocatoria {year}: {t}"],
    "pt": ["{t}", "Edital {t} {year}", "!Programa {t}"],
    "it": ["{t}", "Bando {t} {year}", "!Programma {t}"],
    "nl": ["{t}", "Regeling {t} {year}", "!Subsidie {t}"],
}

FUNDER_LABELS = {
    "en": ["Funder", "Funded by", "Funding body", "Sponsor", "!Awarding body", "!Grant-maker"],
    "de": ["Fördergeber", "Mittelgeber", "Gefördert durch", "!Träger"],
    "fr": ["Financeur", "Organisme financeur", "!Proposé par"],
    "es": ["Entidad convocante", "Financiador", "!Convoca"],
    "pt": ["Entidade financiadora", "Realização", "!Promotor"],
    "it": ["Ente finanziatore", "!Ente erogatore"],
    "nl": ["Verstrekker", "Financier"],
}
FUNDER_SENTENCES = {
    "en": [
        "The {f} invites applications for this call.",
        "This scheme is funded by the {f}.",
        "!The {f} has opened a new round for those who have waited long.",
        "The {f} will support between eight and twelve projects this year.",
    ],
    "de": [
        "Die {f} vergibt dafür Zuschüsse an gemeinnützige Träger.",
        "Das Programm wird finanziert durch die {f}.",
        "!Die {f} schreibt das Programm jährlich aus.",
    ],
    "fr": ["La {f} lance cet appel pour la troisième fois.", "Ce programme est financé par la {f}."],
    "es": ["La {f} convoca estas ayudas por tercera vez.", "Programa financiado por la {f}."],
    "pt": ["A {f} lança este programa pela segunda vez.", "Programa financiado pela {f}."],
    "it": ["La {f} finanzia progetti di associazioni e comuni."],
    "nl": ["De {f} ondersteunt projecten van verenigingen en gemeenten."],
}

DEADLINE_LABELS = {
    "en": [
        "Deadline",
        "Closing date",
        "Apply by",
        "Applications due",
        "Closes",
        "!Last day to apply",
        "!Submission deadline",
    ],
    "de": ["Bewerbungsschluss", "Antragsfrist", "Frist", "!Einsendeschluss", "!Stichtag"],
    "fr": ["Date limite", "Clôture", "Date limite de dépôt", "!Échéance"],
    "es": ["Fecha límite", "Plazo", "Cierre", "!Fin de plazo"],
    "pt": ["Prazo", "Data-limite", "!Encerramento"],
    "it": ["Scadenza", "!Termine per la presentazione"],
    "nl": ["Sluitingsdatum", "Deadline", "!Uiterste indieningsdatum"],
}
DEADLINE_SENTENCES = {
    "en": [
        "Applications must reach us no later than {d}.",
        "The call closes on {d}.",
        "Send your proposal by {d}, please.",
        "!We read everything that is in our letterbox by the evening of {d}.",
        "The deadline for applications is {d} at 17:00.",
    ],
    "de": [
        "Anträge müssen spätestens am {d} eingehen.",
        "Bewerbungsschluss ist der {d}.",
        "!Bewerben können Sie sich bis zum {d}.",
    ],
    "fr": [
        "Les dossiers doivent être déposés au plus tard le {d}.",
        "La clôture est fixée au {d}.",
        "!Envoyez votre dossier avant le {d}.",
    ],
    "es": [
        "Las solicitudes se presentan hasta el {d}.",
        "El plazo termina el {d}.",
        "!La convocatoria cierra el {d} a mediodía.",
    ],
    "pt": ["As candidaturas decorrem até {d}.", "O prazo termina em {d}."],
    "it": ["Le domande vanno presentate entro il {d}.", "!Il bando scade il {d}."],
    "nl": ["Aanvragen kunnen tot en met {d} worden ingediend.", "!De regeling sluit op {d}."],
}
ROLLING = {
    "en": [
        "Applications are accepted at any time.",
        "There is no deadline; the panel meets every second month.",
        "Open until funds are exhausted.",
        "!We accept applications throughout the year.",
    ],
    "de": ["Anträge sind jederzeit möglich.", "!Eine Bewerbung ist laufend möglich."],
    "fr": ["Les dossiers sont examinés au fil de l'eau.", "!Dépôt possible toute l'année."],
    "es": ["Se puede solicitar en cualquier momento.", "!Plazo abierto todo el año."],
    "pt": ["Candidaturas em contínuo."],
    "it": ["Si può fare domanda tutto l'anno."],
    "nl": ["Aanvragen kan het hele jaar door."],
}
OTHER_DATES = {
    "en": [
        "Published on {d}.",
        "Decisions will be announced by {d}.",
        "An information webinar is held on {d}.",
        "Projects may start from {d}.",
        "!Page last updated {d}.",
        "!Interviews take place from {d}.",
    ],
    "de": ["Veröffentlicht am {d}.", "Die Entscheidung fällt am {d}.", "!Projektbeginn ab {d}."],
    "fr": ["Publié le {d}.", "Les résultats seront annoncés le {d}.", "!Mise à jour : {d}."],
    "es": ["Publicado el {d}.", "La resolución se publicará el {d}."],
    "pt": ["Publicado em {d}.", "Resultados publicados em {d}."],
    "it": ["Pubblicato il {d}."],
    "nl": ["Gepubliceerd op {d}."],
}
EXTENDED = {
    "en": ["Original deadline: {old}", "Extended deadline: {new}"],
    "de": ["Ursprüngliche Frist: {old}", "Neue Frist: {new}"],
}

AMOUNT_LABELS = {
    "en": ["Amount", "Grant size", "Award", "Funding per project", "!Value of grant", "!How much"],
    "de": ["Fördersumme", "Förderhöhe", "Zuschuss", "!Höhe der Förderung"],
    "fr": ["Montant", "Dotation", "!Aide par projet"],
    "es": ["Importe", "Dotación", "!Cuantía"],
    "pt": ["Valor", "!Apoio por projeto"],
    "it": ["Importo", "Contributo"],
    "nl": ["Bedrag", "!Subsidiebedrag"],
}
AMOUNT_SENTENCES = {
    "en": ["Each project may receive {a}.", "Grants are worth {a}.", "!You can ask for {a} over two years."],
    "de": ["Pro Projekt werden {a} vergeben.", "!Vereine erhalten {a}."],
    "fr": ["Chaque projet reçoit {a}.", "!L'aide accordée est de {a} par projet."],
    "es": ["Cada proyecto recibe {a}.", "!Las ayudas son de {a} por proyecto."],
    "pt": ["Cada projeto recebe {a}."],
    "it": ["Ogni progetto riceve {a}."],
    "nl": ["Per project is {a} beschikbaar."],
}
AMOUNT_SHAPES = {  # at most, range, fixed, at least
    "en": (
        ["up to {x}", "a maximum of {x}", "!no more than {x}"],
        ["{x} to {y}", "between {x} and {y}", "!from {x} up to {y}"],
        ["{x}"],
        ["at least {x}", "!{x} or more"],
    ),
    "de": (
        ["bis zu {x}", "maximal {x}", "!höchstens {x}"],
        ["zwischen {x} und {y}", "{x} bis {y}"],
        ["{x}"],
        ["mindestens {x}"],
    ),
    "fr": (["jusqu'à {x}", "!{x} maximum"], ["de {x} à {y}", "entre {x} et {y}"], ["{x}"], ["au moins {x}"]),
    "es": (["hasta {x}", "!un máximo de {x}"], ["entre {x} y {y}", "de {x} a {y}"], ["{x}"], ["al menos {x}"]),
    "pt": (["até {x}", "!no máximo {x}"], ["entre {x} e {y}"], ["{x}"], ["{x}"]),
    "it": (["fino a {x}", "!massimo {x}"], ["da {x} a {y}"], ["{x}"], ["{x}"]),
    "nl": (["maximaal {x}", "!ten hoogste {x}"], ["{x} tot {y}"], ["{x}"], ["{x}"]),
}
TOTALS = {
    "en": ["The total budget of this round is {x}.", "!In all, {x} are available for the programme."],
    "de": ["Das Gesamtbudget beträgt {x}."],
    "fr": ["L'enveloppe globale est de {x}."],
    "es": ["El presupuesto total es de {x}."],
    "pt": ["O orçamento global é de {x}."],
    "it": ["Il budget totale è di {x}."],
    "nl": ["Het totale budget is {x}."],
}
NOISE = {
    "en": [
        "Organisations with an annual turnover below {x} may apply.",
        "An application fee of {small} is charged.",
        "!Since 2014 we have distributed {big} to 340 projects.",
    ],
    "de": ["Antragsberechtigt sind Träger mit einem Umsatz unter {x}."],
    "fr": ["Le chiffre d'affaires doit être inférieur à {x}."],
    "es": ["La facturación anual debe ser inferior a {x}."],
    "pt": [],
    "it": [],
    "nl": [],
}
TOPIC_LABELS = {
    "en": ["Topics", "Theme", "!Subject area"],
    "de": ["Themen"],
    "fr": ["Thématique"],
    "es": ["Temas"],
    "pt": ["Temas"],
    "it": ["Settore"],
    "nl": ["Thema"],
}
REGIONS = {
    "en": ["Scotland", "Kenya", "Canada", "Ireland", "any country", "Europe", "New Zealand", "India"],
    "de": ["Bayern", "Österreich", "Sachsen", "Deutschland"],
    "fr": ["Bretagne", "Belgique", "Occitanie"],
    "es": ["Andalucía", "Colombia", "México"],
    "pt": ["Portugal", "Alentejo", "Brasil"],
    "it": ["Toscana", "Sicilia"],
    "nl": ["Nederland"],
}
REGION_SENTENCES = {
    "en": ["Applicants work in {r}.", "Open to groups based in {r}."],
    "de": ["Gefördert werden Vorhaben in {r}."],
    "fr": ["Projets menés en {r}."],
    "es": ["Proyectos en {r}."],
    "pt": ["Projetos em {r}."],
    "it": ["Progetti in {r}."],
    "nl": ["Projecten in {r}."],
}
GENERIC = {
    "en": [
        "Two pages are enough; budgets may be rough.",
        "We answer every letter, also when the answer is no.",
        "Partnerships of three or more are read first.",
        "!Reports are short, and may be spoken on the telephone.",
    ],
    "de": ["Zwei Seiten genügen.", "Auf jede Anfrage kommt eine Antwort."],
    "fr": ["Deux pages suffisent.", "Chaque demande reçoit une réponse."],
    "es": ["Dos páginas bastan."],
    "pt": ["Duas páginas chegam."],
    "it": ["Bastano due pagine."],
    "nl": ["Twee bladzijden volstaan."],
}
TOTAL_SHOWN = {
    "en": "Total budget",
    "de": "Gesamtbudget",
    "fr": "Enveloppe globale",
    "es": "Presupuesto total",
    "pt": "Orçamento global",
    "it": "Budget totale",
    "nl": "Totaal budget",
}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
CURRENCIES = {
    "en": ["EUR", "GBP", "USD", "EUR", "GBP", "CHF", "KES", "CAD"],
    "de": ["EUR", "EUR", "CHF"],
    "fr": ["EUR", "EUR", "CHF"],
    "es": ["EUR", "USD", "MXN"],
    "pt": ["EUR", "BRL"],
    "it": ["EUR"],
    "nl": ["EUR"],
}
