"""The words of the Danderyd sample: steering chain, goals, indicators, assignments, calendar, prices and the like.

The steering chain and bilaga 1 are quoted from the municipality's own documents. Goals, indicators, assignments,
volumes, prices and demography are invented.
"""

NOTE = "exempel, påhittat"

ROUND = [
    ("round", "danderyd-2026"),
    ("title", "Budget 2026 med plan 2027–2028"),
    ("year", "2026"),
    ("municipality", "Danderyds kommun"),
    ("code", "0162"),
    ("inhabitants", "32700"),
    ("tax_rate", "18.25"),
    ("tax_rate_before", "18.25"),
    ("phase", "proposal"),
    ("limit_amount", "200"),
    ("limit_percent", "0.05"),
    ("goal_limit", "5"),
    ("label", "exempel – belopp per enhet är påhittade"),
    ("headline_1", "Skattesatsen är oförändrad: 18,25 kronor per hundralapp."),
    ("headline_2", "Fyra av fem kronor i nämndernas ramar går till utbildning och omsorg."),
    ("headline_3", "Nämndernas ramar ökar med {growth} procent."),
]

_KINDS = [
    ("unit", "06-13"),
    ("department", "06-19"),
    ("administration", "06-27"),
    ("committee", "08-29"),
    ("company", "08-29"),
    ("central_finance", "09-12"),
]
_INTERNAL = [
    ("unit", "12-05"),
    ("department", "12-12"),
    ("administration", "12-17"),
    ("committee", "12-19"),
    ("central_finance", "12-19"),
]
PHASES = [
    *(
        ("premises", "Planeringsförutsättningar", "premises", kind, kind, day)
        for kind, day in [("committee", "2025-04-25"), ("central_finance", "2025-04-25")]
    ),
    *(("proposal", "Nämndernas förslag till budget", "proposal", kind, kind, f"2025-{day}") for kind, day in _KINDS),
    *(("internal", "Nämndernas internbudget", "internal", kind, kind, f"2025-{day}") for kind, day in _INTERNAL),
]

QUALITY = (
    "Danderyds kommun erbjuder service och tjänster av hög kvalitet. Detta innebär att kommunens invånare och näringsliv erbjuds ett gott "
    "bemötande, hög tillgänglighet och delaktighet i kontakt med kommunens verksamheter. Kommunen strävar efter öppen dialog där kommunens "
    "invånare, föreningar och organisationer ges möjlighet till inflytande. Danderydsborna ska erbjudas en bra och attraktiv service. En "
    "positiv utveckling av de kommunala kärnområdena skola, barn- och äldreomsorg skall sättas i fokus."
)
CHOICE = (
    "Danderyds kommun erbjuder stor valfrihet i kommunens service och tjänster. Detta innebär att kommunens invånare kan välja inom den "
    "kommunalt finansierade servicen utifrån individens önskemål och förutsättningar."
)
EFFICIENCY = (
    "Danderyds kommuns verksamheter samverkar och gör rätt prioriteringar för att nå effektivitet. God ekonomisk hushållning ska vara en "
    "vägledande princip för all kommunal verksamhet. Danderyds kommun ska ha en låg kommunalskatt."
)
ATTRACTIVE = (
    "Danderyds kommun är en attraktiv kommun att bo, leva och verka i. Här kombineras den moderna trädgårdsstaden med hållbar stadsmiljö. "
    "Kommunen är trygg och säker och erbjuder goda möjligheter för hälsa och välbefinnande. Kommunen ger goda förutsättningar för ett "
    "varierat utbud av fritids- och kulturaktiviteter. Danderyds kommun är en attraktiv arbetsgivare som ger möjlighet för medarbetare och "
    "chefer att utvecklas."
)
DEVELOPMENT = (
    "Danderyds kommun utvecklar och förbättrar ständigt den service och de tjänster som kommunen erbjuder. Företag erbjuds goda "
    "förutsättningar att etablera sig och verka i kommunen. Danderyd präglas av en god och hälsosam miljö och kommunens verksamheter arbetar "
    "för en långsiktigt hållbar utveckling. Omvärldsanalys, utvärdering och digitalisering är grunden för innovativ utveckling i kommunens arbete."
)
_SENTENCES = [
    "Danderyd möter invånarnas behov genom hela livet.",
    "Här kombineras den moderna trädgårdsstaden med hållbar stadsmiljö.",
    "Danderyds utveckling kännetecknas av engagemang och delaktighet.",
]
_COUNCIL_GOALS = [
    ("Attraktiv kommun", "Danderyd ska vara en bra och attraktiv kommun att bo och verka i."),
    (
        "Valfrihet",
        "Danderyd ska erbjuda sina invånare stor valfrihet i den kommunala servicen utifrån individens önskemål och förutsättningar.",
    ),
    (
        "Bra service",
        "Danderydsborna ska erbjudas en bra och attraktiv service. En positiv utveckling av de kommunala kärnområdena skola, barn- och äldreomsorg skall sättas i fokus.",
    ),
    (
        "God ekonomisk hushållning",
        "God ekonomisk hushållning ska vara en vägledande princip för all kommunal verksamhet.",
    ),
    (
        "Fritid och kultur",
        "Kommunen ska ge goda förutsättningar för ett varierat utbud av fritids- och kulturaktiviteter.",
    ),
    ("Näringslivsklimat", "Företag verksamma i kommunen ska erbjudas ett gott näringslivsklimat."),
    ("Låg skatt", "Kommunen ska ha låg kommunalskatt."),
    ("God miljö", "Danderyd ska ha en god och hälsosam miljö samt arbeta för en långsiktigt hållbar utveckling."),
]
_INHABITANTS, _GROUND, _STAFF = (
    "Löften till kommunens invånare",
    "Grundprinciper för arbetet i kommunen",
    "Löfte till medarbetarna",
)
_STRATEGIES = [
    (_INHABITANTS, "Tillgänglighet och dialog", "Hög tillgänglighet, öppen dialog och gott bemötande"),
    (_INHABITANTS, "Kvalitet och valfrihet", "Hög kvalitet och stor valfrihet i de kommunala tjänsterna"),
    (
        _INHABITANTS,
        "Civilsamhälle och näringsliv",
        "Civilsamhälle och näringsliv ska ha goda förutsättningar att verka i kommunen",
    ),
    (_GROUND, "Omvärldsanalys", "Omvärldsanalys och utvärdering är grunden för innovativ utveckling"),
    (_GROUND, "Samverkan", "Samverkan och rätt prioriteringar är grunden för att nå effektivitet"),
    (
        _STAFF,
        "Attraktiv arbetsgivare",
        "En attraktiv arbetsgivare ger möjligheter för medarbetare och chefer att utvecklas",
    ),
]
CHAIN = [
    ("vision", "vision", "", "Danderyd – Sveriges bästa kommun att leva, bo och verka i", " ".join(_SENTENCES)),
    *((f"vision-{n}", "vision_sentence", "", "", text) for n, text in enumerate(_SENTENCES, 1)),
    ("hog-kvalitet", "area", "", "Hög kvalitet", QUALITY),
    ("stor-valfrihet", "area", "", "Stor valfrihet", CHOICE),
    ("hog-effektivitet", "area", "", "Hög effektivitet", EFFICIENCY),
    ("hog-attraktivitet", "area", "", "Hög attraktivitet", ATTRACTIVE),
    ("stark-utveckling", "area", "", "Stark utveckling", DEVELOPMENT),
    *((f"mal-{n}", "council_goal", "", name, text) for n, (name, text) in enumerate(_COUNCIL_GOALS, 1)),
    *((f"strategi-{n}", "strategy", group, name, text) for n, (group, name, text) in enumerate(_STRATEGIES, 1)),
]
# Bilaga 1. Strategy 2 stands twice and strategy 3 nowhere; so it is in the source.
MAPPING = [
    ("hog-kvalitet", "mal-3"),
    ("hog-kvalitet", "strategi-1"),
    ("hog-kvalitet", "strategi-2"),
    ("stor-valfrihet", "mal-2"),
    ("stor-valfrihet", "strategi-2"),
    ("hog-effektivitet", "mal-4"),
    ("hog-effektivitet", "mal-7"),
    ("hog-effektivitet", "strategi-5"),
    ("hog-attraktivitet", "mal-1"),
    ("hog-attraktivitet", "mal-5"),
    ("hog-attraktivitet", "strategi-6"),
    ("hog-attraktivitet", "vision-2"),
    ("stark-utveckling", "mal-6"),
    ("stark-utveckling", "mal-8"),
    ("stark-utveckling", "strategi-4"),
]

KS, KFN, MSN, SN, TN, UN = (
    "kommunstyrelsen",
    "kultur-och-fritidsnamnden",
    "miljo-och-stadsbyggnadsnamnden",
    "socialnamnden",
    "tekniska-namnden",
    "utbildningsnamnden",
)
DOCUMENTS = [
    ("kommunallagen", "Kommunallag (2017:725)", "law", "state", KS, ""),
    ("lkbr", "Lag (2018:597) om kommunal bokföring och redovisning", "law", "state", KS, ""),
    ("skollagen", "Skollag (2010:800)", "law", "state", UN, ""),
    ("sol", "Socialtjänstlag", "law", "state", SN, ""),
    ("lss", "Lag (1993:387) om stöd och service till vissa funktionshindrade", "law", "state", SN, ""),
    ("pbl", "Plan- och bygglag (2010:900)", "law", "state", MSN, ""),
    ("miljobalken", "Miljöbalk (1998:808)", "law", "state", MSN, ""),
    ("vattentjanstlagen", "Lag (2006:412) om allmänna vattentjänster", "law", "state", TN, ""),
    ("bibliotekslagen", "Bibliotekslag (2013:801)", "law", "state", KFN, ""),
    ("styrmodell", "Riktlinje för mål- och styrmodell", "guideline", "municipality", KS, "2026-05-31"),
    ("ekonomistyrning", "Ekonomistyrningsprinciper", "principle", "municipality", KS, "2025-12-31"),
    ("peng", "Regler för peng och check", "rule", "municipality", UN, "2025-10-31"),
    ("bistand", "Riktlinje för handläggning av bistånd", "guideline", "municipality", SN, "2026-03-31"),
    ("foreningsstod", "Regler för stöd till föreningar", "rule", "municipality", KFN, "2025-11-30"),
    ("lokaler", "Policy för lokaler och internhyra", "policy", "municipality", TN, "2026-09-30"),
    *(
        (f"reglemente-{short}", f"Reglemente för {name}", "regulations", "municipality", node, "2026-12-31")
        for short, name, node in [
            ("ks", "kommunstyrelsen", KS),
            ("kfn", "kultur- och fritidsnämnden", KFN),
            ("msn", "miljö- och stadsbyggnadsnämnden", MSN),
            ("sn", "socialnämnden", SN),
            ("tn", "tekniska nämnden", TN),
            ("un", "utbildningsnämnden", UN),
        ]
    ),
]

_ADDRESS = "danderyd.example"
_FUNCTIONS = {
    "unit": "Enhetschef",
    "department": "Avdelningschef",
    "administration": "Förvaltningschef",
    "committee": "Nämndsekreterare",
    "central_finance": "Ekonomichef",
    "company": "Verkställande direktör",
}
_CONTROLLERS = {
    KS: "ks",
    KFN: "kultur-fritid",
    MSN: "miljo-stadsbyggnad",
    SN: "social",
    TN: "teknik",
    UN: "utbildning",
    "revisionen": "ks",
    "finansforvaltningen": "ks",
    "djursholms-ab": "ks",
}


def contacts(sample):
    """Functions and addresses per node; never personal names. The domain ``.example`` reaches nobody."""
    for node, (_, name, kind, *_) in sample.nodes.items():
        if kind not in _FUNCTIONS:
            continue
        function = _FUNCTIONS[kind]
        if kind == "unit" and ("skol" in node or "gymnas" in node) and "kultur" not in node and "elevhalsa" not in node:
            function = "Rektor"
        yield node, "responsible", f"{function}, {name}", f"{node}@{_ADDRESS}"
        committee = sample.committee(node)
        yield node, "controller", "Controller", f"controller.{_CONTROLLERS[committee]}@{_ADDRESS}"
        if kind in ("department", "administration", "committee", "central_finance", "company"):
            yield node, "certifier", "Controller", f"controller.{_CONTROLLERS[committee]}@{_ADDRESS}"
    yield "kommun", "controller", "Budgetchef", f"budgetchef@{_ADDRESS}"


EXTERNAL = [
    ("fristaende-forskolor", "Fristående förskolor", "no"),
    ("fristaende-skolor", "Fristående skolor", "no"),
    ("andra-kommuner", "Andra kommuner", "no"),
    ("region-stockholm", "Region Stockholm", "no"),
    ("staten", "Staten", "no"),
]

# Goals: id, node, area, goal above, text
GOALS = [
    (
        "ks-1",
        KS,
        "hog-effektivitet",
        "",
        "Kommunens gemensamma stöd är enklare att använda och kostar inte mer per anställd.",
    ),
    ("ks-2", KS, "stark-utveckling", "", "Företagen i Danderyd är mer nöjda med kommunens service."),
    ("ks-3", KS, "hog-attraktivitet", "", "Sjukfrånvaron bland kommunens medarbetare minskar."),
    ("kfn-1", KFN, "hog-attraktivitet", "", "Fler barn och unga deltar i kultur- och fritidsaktiviteter."),
    ("kfn-2", KFN, "hog-kvalitet", "", "Besökarna är nöjda med bibliotek och anläggningar."),
    ("msn-1", MSN, "hog-kvalitet", "", "Den som söker lov eller tillstånd får ett snabbt och tydligt besked."),
    ("msn-2", MSN, "stark-utveckling", "", "Den bebyggda miljön utvecklas med trädgårdsstadens kvaliteter i behåll."),
    ("sn-1", SN, "hog-kvalitet", "", "Äldre med stöd av kommunen är trygga och nöjda."),
    ("sn-2", SN, "stor-valfrihet", "", "Den som har insatser kan i större utsträckning påverka hur och när de ges."),
    ("sn-3", SN, "hog-effektivitet", "", "Barn och unga får rätt stöd tidigt, i öppna former."),
    ("sn-4", SN, "hog-attraktivitet", "", "Omsorgens medarbetare stannar och trivs."),
    ("tn-1", TN, "hog-kvalitet", "", "Gator, parker och lokaler är hela, rena och trygga."),
    ("tn-2", TN, "stark-utveckling", "", "Kommunens lokaler använder mindre energi."),
    ("un-1", UN, "hog-kvalitet", "", "Alla barn och elever är trygga och når längre i sitt lärande."),
    ("un-2", UN, "stor-valfrihet", "", "Fler får plats i den förskola eller skola som de valt i första hand."),
    ("un-3", UN, "hog-attraktivitet", "", "Förskolor och skolor har behöriga lärare som stannar."),
    ("klk-1", "kommunledningskontoret", "", "ks-1", "Chefer får svar på sina frågor första gången de hör av sig."),
    ("bf-1", "bildningsforvaltningen", "", "un-3", "Rektorer har mer tid för det pedagogiska ledarskapet."),
    ("sk-1", "socialkontoret", "", "sn-4", "Chefer i omsorgen har högst 30 medarbetare."),
    ("tk-1", "tekniska-kontoret", "", "tn-1", "Felanmälningar åtgärdas inom fem arbetsdagar."),
    ("fo-1", "avdelning-forskola", "", "un-1", "Undervisningen i förskolan planeras och följs upp i alla barngrupper."),
    ("gr-1", "avdelning-grundskola", "", "un-1", "Alla elever i årskurs 3 läser med flyt."),
    ("gr-2", "avdelning-grundskola", "", "un-3", "Skolorna har färre vikarietimmar."),
    ("gy-1", "avdelning-gymnasium-och-vux", "", "un-1", "Fler elever tar examen inom tre år."),
    ("kf-1", "kultur-och-fritidsavdelningen", "", "kfn-1", "Fler aktiviteter leds av barn och unga själva."),
    ("ao-1", "avdelning-aldreomsorg", "", "sn-1", "Färre olika medarbetare möter varje person."),
    (
        "fn-1",
        "avdelning-funktionsnedsattning",
        "",
        "sn-2",
        "Alla har en aktuell genomförandeplan som de varit med om att göra.",
    ),
    ("if-1", "avdelning-individ-och-familj", "", "sn-3", "Utredningstiden för barn och unga kortas."),
    ("gp-1", "avdelning-gata-och-park", "", "tn-1", "Gång- och cykelvägar hålls framkomliga året om."),
    ("fa-1", "avdelning-fastighet", "", "tn-2", "Energianvändningen per kvadratmeter minskar."),
    ("ekbacken-1", "ekbackens-forskola", "", "fo-1", "Varje barngrupp har en gemensam planeringstid i veckan."),
    ("solglantan-1", "solglantans-skola", "", "gr-1", "Alla elever i årskurs 1 har lässtund varje dag."),
    ("huvudbiblioteket-1", "huvudbiblioteket", "", "kfn-2", "Fler besök utanför bemannad tid."),
    ("hr-1", "hr-enheten", "", "ks-3", "Rehabilitering inleds inom två veckor."),
]

# Shared indicators: id, goal, name, unit, direction, current low and high, times a year, aggregation, decimals
_SHARED = {
    "preschool": [
        (
            "trygghet-forskola",
            "un-1",
            "Vårdnadshavare som anser att barnet är tryggt i förskolan",
            "%",
            "up",
            (86, 97),
            2,
            "mean",
            0,
        ),
        (
            "planerad-undervisning",
            "fo-1",
            "Barngrupper med planerad och uppföljd undervisning",
            "%",
            "up",
            (60, 95),
            4,
            "mean",
            0,
        ),
    ],
    "school": [
        ("trygghet-skola", "un-1", "Elever som känner sig trygga i skolan", "%", "up", (84, 95), 2, "mean", 0),
        ("vikarietimmar", "gr-2", "Vikarietimmar per lärare och månad", "timmar", "down", (4, 11), 4, "mean", 1),
    ],
    "care_home": [
        ("nojd-boende", "sn-1", "Boende som är nöjda med äldreboendet som helhet", "%", "up", (74, 89), 1, "mean", 0),
        ("sjuk-omsorg", "sn-4", "Sjukfrånvaro", "%", "down", (6, 10), 4, "mean", 1),
    ],
    "homecare": [
        (
            "kontinuitet",
            "ao-1",
            "Medarbetare som en person möter under två veckor",
            "antal",
            "down",
            (11, 16),
            4,
            "mean",
            1,
        )
    ],
    "group_home": [
        ("genomforandeplan", "fn-1", "Personer med aktuell genomförandeplan", "%", "up", (72, 96), 4, "mean", 0)
    ],
    "youth": [("besok-unga", "kfn-1", "Besök av barn och unga", "antal", "up", (5200, 9800), 12, "sum", 0)],
    "library": [("besok-bibliotek", "kfn-2", "Besök på biblioteket", "antal", "up", (41000, 168000), 12, "sum", 0)],
    "sports": [("besok-anlaggning", "kfn-1", "Besök på anläggningen", "antal", "up", (96000, 185000), 12, "sum", 0)],
    "social": [("utredningstid", "if-1", "Utredningstid, genomsnitt", "dagar", "down", (82, 118), 4, "mean", 0)],
    "permits": [
        (
            "handlaggningstid",
            "msn-1",
            "Handläggningstid för lov och tillstånd, genomsnitt",
            "veckor",
            "down",
            (5, 9),
            12,
            "mean",
            1,
        )
    ],
    "office": [("svar-direkt", "klk-1", "Ärenden som löses vid första kontakten", "%", "up", (58, 82), 4, "mean", 0)],
}
_ALONE = [
    (
        "elever-examen",
        "strandgymnasiet",
        "gy-1",
        "Elever med examen inom tre år",
        "%",
        "up",
        "82",
        "",
        "1",
        "875",
        "mean",
    ),
    (
        "larcentrum-slutfort",
        "larcentrum",
        "gy-1",
        "Kursdeltagare som slutför kursen",
        "%",
        "up",
        "71",
        "",
        "2",
        "310",
        "mean",
    ),
    (
        "elevhalsa-tid",
        "central-elevhalsa",
        "un-1",
        "Väntetid till elevhälsan",
        "dagar",
        "down",
        "16",
        "",
        "4",
        "",
        "none",
    ),
    ("elever-kulturskola", "kulturskolan", "kfn-1", "Elever i kulturskolan", "antal", "up", "1240", "", "2", "", "sum"),
    (
        "oppen-forskola-besok",
        "nyckelns-oppna-forskola",
        "un-1",
        "Besök i öppna förskolan",
        "antal",
        "up",
        "6100",
        "",
        "12",
        "",
        "sum",
    ),
    (
        "cykelvagar-halka",
        "gata-och-trafik",
        "gp-1",
        "Halkolyckor på gång- och cykelvägar",
        "antal",
        "down",
        "34",
        "",
        "4",
        "",
        "sum",
    ),
    ("park-nojd", "park-och-natur", "tn-1", "Invånare som är nöjda med parkerna", "%", "up", "83", "", "1", "", "none"),
    (
        "vattenlackage",
        "vatten-och-avlopp",
        "tn-1",
        "Vattenläckor per mil ledning och år",
        "antal",
        "down",
        "1.4",
        "",
        "4",
        "",
        "none",
    ),
    ("sorterat-avfall", "avfall", "tn-1", "Hushållsavfall som sorteras ut", "%", "up", "54", "", "2", "", "none"),
    ("energi", "fastighet-enhet", "fa-1", "Energi per kvadratmeter och år", "kWh", "down", "148", "", "4", "", "none"),
    ("byggratter", "plan-och-exploatering", "msn-2", "Antagna detaljplaner", "antal", "keep", "6", "", "2", "", "sum"),
    (
        "nojd-foretag",
        "naringsliv",
        "ks-2",
        "Företagens betyg på kommunens service",
        "index",
        "up",
        "72",
        "",
        "1",
        "",
        "none",
    ),
    (
        "aktiviteter-unga",
        "kultur-och-fritidsavdelningen",
        "kf-1",
        "Aktiviteter som leds av barn och unga",
        "antal",
        "up",
        "46",
        "",
        "4",
        "",
        "sum",
    ),
    (
        "lasflyt",
        "avdelning-grundskola",
        "gr-1",
        "Elever i årskurs 3 som läser med flyt",
        "%",
        "up",
        "87",
        "",
        "1",
        "",
        "none",
    ),
    (
        "felanmalan",
        "tekniska-kontoret",
        "tk-1",
        "Felanmälningar åtgärdade inom fem arbetsdagar",
        "%",
        "up",
        "74",
        "",
        "12",
        "",
        "none",
    ),
    (
        "chefsspann",
        "socialkontoret",
        "sk-1",
        "Medarbetare per chef i omsorgen",
        "antal",
        "down",
        "34",
        "",
        "2",
        "",
        "none",
    ),
    (
        "rektorstid",
        "bildningsforvaltningen",
        "bf-1",
        "Rektorers tid för pedagogiskt ledarskap",
        "%",
        "up",
        "38",
        "",
        "2",
        "",
        "none",
    ),
    ("sjuk-kommunen", KS, "ks-3", "Sjukfrånvaro, hela kommunen", "%", "down", "6.2", "", "4", "", "none"),
    ("stod-kostnad", KS, "ks-1", "Gemensamt stöd, kostnad per anställd", "tkr", "keep", "46", "46", "2", "", "none"),
    (
        "deltar-unga",
        KFN,
        "kfn-1",
        "Barn och unga som deltar minst en gång i veckan",
        "%",
        "up",
        "64",
        "",
        "2",
        "",
        "none",
    ),
    ("nojd-besok", KFN, "kfn-2", "Besökare som är nöjda", "%", "up", "88", "", "2", "", "none"),
    ("besked-i-tid", MSN, "msn-1", "Beslut inom tio veckor", "%", "up", "81", "", "4", "", "none"),
    ("gronyta", MSN, "msn-2", "Nya planer med grönytefaktor", "%", "up", "60", "", "2", "", "none"),
    (
        "nojd-hemtjanst",
        SN,
        "sn-1",
        "Personer som är nöjda med hemtjänsten som helhet",
        "%",
        "up",
        "87",
        "",
        "1",
        "",
        "none",
    ),
    ("paverka", SN, "sn-2", "Personer som kan påverka när de får hjälp", "%", "up", "61", "", "2", "", "none"),
    ("oppna-insatser", SN, "sn-3", "Barn och unga med stöd i öppna former", "%", "up", "78", "", "4", "", "none"),
    ("trygg-gata", TN, "tn-1", "Invånare som är nöjda med gator och cykelvägar", "%", "up", "69", "", "1", "", "none"),
    ("energi-lokaler", TN, "tn-2", "Köpt energi till kommunens lokaler", "MWh", "down", "21400", "", "4", "", "sum"),
    ("behoriga", UN, "un-3", "Lärare med legitimation", "%", "up", "81", "", "2", "", "none"),
    ("forstahandsval", UN, "un-2", "Sökande som får sitt förstahandsval", "%", "up", "93", "", "1", "", "none"),
    ("godkand-alla", UN, "un-1", "Elever i årskurs 9 med godkänt i alla ämnen", "%", "up", "92", "", "1", "", "none"),
]


def indicators(sample):
    """One row per node that answers; units share ids, so that values are weighted together upwards."""
    import danderyd_organisation as org

    chance = sample.random.__class__(7)
    groups = {node: ("preschool", numbers[3]) for node, _, *numbers in org.PRESCHOOLS}
    groups |= {node: ("school", pupils[3]) for node, _, pupils, *_ in org.SCHOOLS}
    groups |= {node: ("homecare", round(hours[3] / 100)) for node, _, *hours in org.HOMECARE}
    for node, _, _, _, template, *_ in org.UNITS:
        if template in _SHARED and node not in (
            "bistandsenheten",
            "boendestod",
            "barn-och-unga-oppenvard",
            "ekonomiskt-bistand",
        ):
            posts = sum(float(one[3]) for one in sample.staff if one[0] == node)
            groups[node] = (template, round(posts))
    for node in sample.nodes:
        if node not in groups:
            continue
        template, weight = groups[node]
        for key, goal, name, unit, direction, (low, high), often, how, digits in _SHARED[template]:
            value = chance.uniform(low, high)
            value = round(value, -2) if low > 1000 else round(value, digits)
            yield (
                key,
                node,
                goal,
                name,
                unit,
                direction,
                f"{value:.{digits}f}",
                "",
                often,
                weight if how == "mean" else "",
                how,
            )
    for key, node, goal, name, unit, direction, current, target, often, weight, how in _ALONE:
        yield key, node, goal, name, unit, direction, current, target, often, weight, how


# Assignments: id, receiver, giver, text, due, form
ASSIGNMENTS = [
    ("kf-lokaler", TN, "kommun", "Ta fram en lokalplan för tio år tillsammans med nämnderna.", "2026-06-30", "project"),
    ("kf-naringsliv", KS, "kommun", "Förenkla företagens kontakter med kommunen.", "2026-12-31", "process"),
    ("kf-unga", KFN, "kommun", "Utveckla mötesplatser för unga tillsammans med föreningarna.", "2026-12-31", "line"),
    (
        "kf-tidiga",
        SN,
        "kommun",
        "Pröva nya former för tidiga insatser tillsammans med skolan.",
        "2026-10-31",
        "project",
    ),
    (
        "kf-tidiga-un",
        UN,
        "kommun",
        "Pröva nya former för tidiga insatser tillsammans med socialtjänsten.",
        "2026-10-31",
        "project",
    ),
    ("kf-digitala", MSN, "kommun", "Gör alla ansökningar om lov digitala.", "2026-09-30", "process"),
    (
        "ks-inkop",
        "kommunledningskontoret",
        KS,
        "Samordna inköpen av tjänster mellan förvaltningarna.",
        "2026-08-31",
        "process",
    ),
    (
        "ks-styrmodell",
        "kommunledningskontoret",
        KS,
        "Stöd nämnderna i att formulera få och mätbara mål.",
        "2026-05-31",
        "line",
    ),
    (
        "un-lokaler",
        "bildningsforvaltningen",
        UN,
        "Anpassa förskolans lokaler till färre barn.",
        "2026-06-30",
        "project",
    ),
    ("un-vikarier", "bildningsforvaltningen", UN, "Minska kostnaden för vikarier.", "2026-12-31", "line"),
    ("sn-schema", "socialkontoret", SN, "Inför gemensam planering av scheman i omsorgen.", "2026-09-30", "process"),
    ("sn-placeringar", "socialkontoret", SN, "Pröva fler familjehem i egen regi.", "2026-12-31", "line"),
    ("tn-energi", "tekniska-kontoret", TN, "Ta fram en plan för lägre energianvändning.", "2026-04-30", "project"),
    ("msn-avgifter", "miljo-och-stadsbyggnadskontoret", MSN, "Se över avgifterna för tillsyn.", "2026-03-31", "line"),
    ("ks-ranta", "finansforvaltningen", KS, "Redovisa hur en ändrad ränta påverkar resultatet.", "2025-09-12", "line"),
    (
        "ks-agare",
        "djursholms-ab",
        "kommun",
        "Redovisa underhållsbehovet i bolagets fastigheter för tio år.",
        "2026-06-30",
        "line",
    ),
    (
        "fo-planering",
        "avdelning-forskola",
        "bildningsforvaltningen",
        "Ta fram en gemensam mall för planering av undervisningen.",
        "2026-02-27",
        "line",
    ),
    (
        "gr-lasning",
        "avdelning-grundskola",
        "bildningsforvaltningen",
        "Sprid lässtunden från skolorna som kommit längst.",
        "2026-06-12",
        "process",
    ),
    (
        "ao-schema",
        "avdelning-aldreomsorg",
        "socialkontoret",
        "Pröva gemensam bemanning för två boenden.",
        "2026-05-29",
        "project",
    ),
    (
        "kfa-entre",
        "kultur-och-fritidsavdelningen",
        "bildningsforvaltningen",
        "Redovisa vad längre öppettider kostar.",
        "2026-03-31",
        "line",
    ),
    (
        "gp-vinter",
        "avdelning-gata-och-park",
        "tekniska-kontoret",
        "Se över avtalet för vinterväghållning.",
        "2026-04-30",
        "line",
    ),
    (
        "ekbacken-mat",
        "ekbackens-forskola",
        "avdelning-forskola",
        "Minska matsvinnet med en fjärdedel.",
        "2026-12-18",
        "line",
    ),
    (
        "solglantan-lokal",
        "solglantans-forskola",
        "avdelning-forskola",
        "Föreslå hur lokalerna kan användas när barnen blir färre.",
        "2026-03-31",
        "line",
    ),
    (
        "ugglan-lokal",
        "ugglans-forskola",
        "avdelning-forskola",
        "Föreslå hur lokalerna kan användas när barnen blir färre.",
        "2026-03-31",
        "line",
    ),
    (
        "talludden-sprak",
        "talluddens-forskola",
        "avdelning-forskola",
        "Pröva språkgrupper två dagar i veckan.",
        "2026-06-12",
        "line",
    ),
    (
        "havsbrisen-mat",
        "havsbrisens-forskola",
        "avdelning-forskola",
        "Minska matsvinnet med en fjärdedel.",
        "2026-12-18",
        "line",
    ),
    (
        "tallbacken-lasning",
        "tallbackens-skola",
        "avdelning-grundskola",
        "Inför daglig lässtund i årskurs 1.",
        "2026-06-12",
        "line",
    ),
    (
        "hojden-vikarier",
        "hojdens-skola",
        "avdelning-grundskola",
        "Minska vikarietimmarna med en tiondel.",
        "2026-12-18",
        "line",
    ),
    (
        "vikens-studiero",
        "vikens-skola",
        "avdelning-grundskola",
        "Ta fram en plan för studiero tillsammans med eleverna.",
        "2026-03-31",
        "line",
    ),
    (
        "gymnasiet-narvaro",
        "strandgymnasiet",
        "avdelning-gymnasium-och-vux",
        "Öka närvaron i årskurs 1.",
        "2026-06-12",
        "line",
    ),
    (
        "ekgarden-bemanning",
        "ekgardens-aldreboende",
        "avdelning-aldreomsorg",
        "Pröva gemensam bemanning tillsammans med Strandgården.",
        "2026-05-29",
        "project",
    ),
    (
        "strandgarden-bemanning",
        "strandgardens-aldreboende",
        "avdelning-aldreomsorg",
        "Pröva gemensam bemanning tillsammans med Ekgården.",
        "2026-05-29",
        "project",
    ),
    (
        "hemtjanst-planering",
        "hemtjanst-norr",
        "avdelning-aldreomsorg",
        "Minska restiden mellan besöken.",
        "2026-09-30",
        "line",
    ),
    (
        "oppenvard-grupper",
        "barn-och-unga-oppenvard",
        "avdelning-individ-och-familj",
        "Starta föräldragrupper tillsammans med förskolan.",
        "2026-08-31",
        "line",
    ),
    (
        "bistand-digital",
        "ekonomiskt-bistand",
        "avdelning-individ-och-familj",
        "Gör återansökan möjlig på webben.",
        "2026-10-30",
        "process",
    ),
    (
        "bibliotek-meroppet",
        "huvudbiblioteket",
        "kultur-och-fritidsavdelningen",
        "Inför meröppet på kvällar och helger.",
        "2026-04-30",
        "project",
    ),
    (
        "simhall-grupper",
        "simhallen",
        "kultur-och-fritidsavdelningen",
        "Erbjud fler tider för simskola.",
        "2026-08-31",
        "line",
    ),
    (
        "gata-belysning",
        "gata-och-trafik",
        "avdelning-gata-och-park",
        "Byt till energisnål belysning längs skolvägarna.",
        "2026-11-30",
        "project",
    ),
    (
        "va-lackor",
        "vatten-och-avlopp",
        "avdelning-va-och-avfall",
        "Minska läckaget i ledningsnätet.",
        "2026-12-31",
        "line",
    ),
    (
        "fastighet-energi",
        "fastighet-enhet",
        "avdelning-fastighet",
        "Mät energin per byggnad varje månad.",
        "2026-02-27",
        "line",
    ),
    ("bygglov-svar", "bygglov", MSN, "Svara på alla anmälningar inom fyra veckor.", "2026-06-30", "line"),
    (
        "it-inloggning",
        "it-och-digitalisering",
        "kommunledningskontoret",
        "Inför en inloggning för alla system.",
        "2026-12-31",
        "project",
    ),
    (
        "ekonomi-uppfoljning",
        "ekonomi-och-verksamhetsstyrning",
        "kommunledningskontoret",
        "Korta tiden för månadsuppföljningen till sju arbetsdagar.",
        "2026-05-31",
        "process",
    ),
]


def volumes(org):
    """The numbers that the frames rest on: units' own numbers added up, and independent providers."""

    def total(place: int, numbers) -> list[int]:
        return [sum(one[i] for one in numbers if one) for i in (0, 1, 3)]

    children = total(0, [row[2:] for row in org.PRESCHOOLS])
    pupils = total(0, [row[2] for row in org.SCHOOLS])
    first = total(0, [row[3] for row in org.SCHOOLS])
    leisure = total(0, [row[4] for row in org.SCHOOLS])
    gymnasium = total(0, [org.GYMNASIUM[2]])
    hours = total(0, [row[2:] for row in org.HOMECARE])
    yield "barn-egen", UN, "407", "Barn i kommunens förskolor", *children
    yield "barn-fristaende", UN, "407", "Barn i fristående förskolor", 668, 660, 655
    yield "elever-egen", UN, "440", "Elever i årskurs 1–9, kommunens skolor", *pupils
    yield "elever-fristaende", UN, "440", "Elever i årskurs 1–9, fristående skolor", 1002, 1010, 1015
    yield "forskoleklass-egen", UN, "435", "Elever i förskoleklass, kommunens skolor", *first
    yield "fritidshem-egen", UN, "425", "Elever i fritidshem, kommunens skolor", *leisure
    yield "gymnasium-egen", UN, "450", "Elever i kommunens gymnasium", *gymnasium
    yield "gymnasium-andra", UN, "450", "Elever hos andra huvudmän", 655, 660, 668
    yield "hemtjanst-timmar", SN, "510", "Timmar hemtjänst, egen regi", *hours
    yield "boende-platser", SN, "510", "Platser i särskilt boende, alla utförare", 402, 408, 414
    yield "lss-boende", SN, "513", "Personer med boende enligt LSS", 96, 98, 99
    yield "besok-bad", KFN, "340", "Besök i simhall och hallar", 271000, 275000, 280000
    yield "lovarenden", MSN, "215", "Ärenden om lov", 610, 640, 640
    yield "cykelvag", TN, "249", "Kilometer gång- och cykelväg", 118, 119, 121
    yield "anstallda", KS, "920", "Årsarbetare som får gemensamt stöd", 1880, 1890, 1885


def _components(activity, parts):
    return [(activity, name, own, independent) for name, own, independent in parts]


PRICES = [
    *_components(
        "407",
        [
            ("Pedagogisk personal", 93_000, 93_000),
            ("Lokaler", 20_500, 19_800),
            ("Måltider", 8_500, 8_500),
            ("Läromedel och material", 5_000, 5_000),
            ("Övrigt", 5_000, 5_000),
            ("Administration", 3_000, 3_960),
            ("Moms", 0, 7_980),
        ],
    ),
    *_components(
        "425",
        [
            ("Personal", 26_500, 26_500),
            ("Lokaler", 3_500, 3_400),
            ("Måltider", 2_300, 2_300),
            ("Material", 1_100, 1_100),
            ("Administration", 600, 1_000),
            ("Moms", 0, 2_040),
        ],
    ),
    *_components(
        "435",
        [
            ("Pedagogisk personal", 34_000, 34_000),
            ("Lokaler", 6_500, 6_300),
            ("Måltider", 3_800, 3_800),
            ("Läromedel", 1_700, 1_700),
            ("Administration", 1_000, 1_380),
            ("Moms", 0, 2_830),
        ],
    ),
    *_components(
        "440",
        [
            ("Undervisning", 67_000, 67_000),
            ("Elevhälsa", 4_200, 4_200),
            ("Lokaler", 17_300, 16_900),
            ("Måltider", 6_600, 6_600),
            ("Läromedel", 4_700, 4_700),
            ("Administration", 3_200, 3_020),
            ("Moms", 0, 6_140),
        ],
    ),
    *_components(
        "450",
        [
            ("Undervisning", 86_000, 86_000),
            ("Elevhälsa", 4_400, 4_400),
            ("Lokaler", 22_500, 22_000),
            ("Måltider", 8_100, 8_100),
            ("Läromedel", 7_000, 7_000),
            ("Administration", 4_000, 3_820),
            ("Moms", 0, 7_880),
        ],
    ),
]

DEMOGRAPHY = [
    ("0", 270, 265, 262, 260, 260, NOTE),
    ("1–5", 1_720, 1_690, 1_660, 1_635, 1_620, NOTE),
    ("6", 415, 405, 398, 388, 380, NOTE),
    ("7–15", 4_690, 4_680, 4_665, 4_640, 4_610, NOTE),
    ("16–18", 1_560, 1_570, 1_580, 1_585, 1_580, NOTE),
    ("19–64", 16_830, 16_850, 16_880, 16_900, 16_930, NOTE),
    ("65–79", 4_650, 4_640, 4_625, 4_620, 4_615, NOTE),
    ("80–", 2_510, 2_600, 2_690, 2_775, 2_850, NOTE),
]
FINANCIAL_GOALS = [
    (
        "fin-1",
        "Resultatet är minst 1 procent av skatteintäkter, generella statsbidrag och utjämning.",
        "result_share",
        "0.01",
    ),
    (
        "fin-2",
        "Nettokostnaden är högst 99 procent av skatteintäkter, generella statsbidrag och utjämning.",
        "net_cost_share",
        "0.99",
    ),
    ("fin-3", "Soliditeten, med hela pensionsåtagandet, är minst 40 procent.", "other", "0.4"),
]
RISK_SCALES = [
    ("likelihood", 1, "Osannolik", "Sker mer sällan än vart tionde år"),
    ("likelihood", 2, "Mindre sannolik", "Sker vart tredje till vart tionde år"),
    ("likelihood", 3, "Möjlig", "Sker ungefär varje år"),
    ("likelihood", 4, "Sannolik", "Sker flera gånger om året"),
    ("consequence", 1, "Försumbar", "Märks knappt"),
    ("consequence", 2, "Lindrig", "Besvärligt, men hanteras i verksamheten"),
    ("consequence", 3, "Kännbar", "Invånare, ekonomi eller förtroende skadas"),
    ("consequence", 4, "Allvarlig", "Stor skada som nämnden måste hantera"),
]
CALENDAR = [
    ("2025-02-14", "SKR:s skatteprognos och internränta för nästa år", "Ekonomi- och verksamhetsstyrning", ""),
    ("2025-03-31", "Nämndernas omvärlds- och nulägesanalyser klara", "Nämnderna", "Mål- och styrmodellen, del C"),
    ("2025-05-26", "Planeringsförutsättningar beslutas", "Kommunstyrelsen", "Mål- och styrmodellen: maj"),
    ("2025-06-13", "Enheternas förslag inne", "Enheterna", "Omgången"),
    ("2025-06-27", "Förvaltningarnas förslag inne", "Förvaltningarna", "Omgången"),
    ("2025-08-29", "Nämndernas förslag till budget beslutade", "Nämnderna", "Mål- och styrmodellen: maj–augusti"),
    ("2025-09-12", "Finansförvaltningens underlag klart", "Finansförvaltningen", "Omgången"),
    ("2025-10-06", "Förhandling enligt MBL", "Kommunledningskontoret", ""),
    (
        "2025-10-27",
        "Budget och plan för två år beslutas",
        "Kommunstyrelsen",
        "Mål- och styrmodellen: oktober; kommunallagen 11:10",
    ),
    ("2025-11-24", "Budget fastställs", "Kommunfullmäktige", "Mål- och styrmodellen: november"),
    ("2025-12-19", "Internbudget och internkontrollplan beslutade", "Nämnderna", ""),
]

# The company: account, activity, outcome, budget, forecast, proposal (tkr). Invented.
COMPANY_ROWS = [
    ("3410", "815", 9_420, 9_800, 9_750, 10_050),
    ("3010", "815", 310, 300, 320, 310),
    ("5020", "815", 1_120, 1_160, 1_160, 1_196),
    ("5610", "815", 512, 531, 531, 547),
    ("6250", "815", 1_480, 1_500, 1_540, 1_530),
    ("6340", "815", 2_310, 2_400, 2_650, 2_450),
    ("7410", "815", 870, 900, 880, 918),
    ("7910", "815", 1_640, 1_650, 1_650, 1_700),
    ("8520", "815", 980, 1_050, 1_020, 1_080),
]

# Fee- and grant-financed nodes and internal services: no frame, they go even.
ZERO_FRAMES = {"vatten-och-avlopp", "avfall", "flyktingmottagandet", "fastighet-enhet", "avdelning-va-och-avfall"}

# Rule 1: node -> tkr, the row that is raised, why.
POLITICAL = {
    "huvudbiblioteket": (400, "5020-320", "Meröppet kvällar och helger, en halv tjänst och larm, +400 tkr."),
    "sakerhet-och-beredskap": (700, "5020-275", "En ny tjänst som beredskapssamordnare inrättas i januari, +700 tkr."),
    "barn-och-unga-oppenvard": (
        900,
        "5020-569",
        "Två nya familjebehandlare för tidiga insatser, från april, +900 tkr.",
    ),
    "idrottsplatser-och-hallar": (600, "7410-340", "Längre öppettider i hallarna kräver mer bevakning, +600 tkr."),
    "park-och-natur": (350, "4620-250", "Två nya lekplatser öppnar och behöver skötas, +350 tkr."),
    "central-elevhalsa": (600, "5020-440", "En ny kurator för tidiga insatser, +600 tkr."),
}

# Rule 5: new investments raise depreciation and internal interest: (node, account) -> tkr
NEW_CAPITAL = {
    ("gata-och-trafik", "7910"): 1_250,
    ("gata-och-trafik", "8510"): 400,
    ("park-och-natur", "7910"): 320,
    ("park-och-natur", "8510"): 90,
    ("simhallen", "7910"): 450,
    ("simhallen", "8510"): 150,
    ("it-och-digitalisering", "7910"): 280,
    ("bostader", "7910"): 190,
    ("strandgymnasiet", "7910"): 210,
}

# Nodes whose frame does not cover the proposal: tkr to save.
TIGHT = {
    "solglantans-forskola": 180,
    "ugglans-forskola": 150,
    "granitens-forskola": 110,
    "bjorkdungens-skola": 240,
    "gata-och-trafik": 600,
    "solbackens-aldreboende": 420,
    "kulturskolan": 140,
    "it-och-digitalisering": 350,
    "socialkontoret": 250,
    "plan-och-exploatering": 120,
}
