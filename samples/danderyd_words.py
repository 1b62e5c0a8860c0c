"""The written answers of the Danderyd sample, by node. All invented."""

# node -> (place in the staff list, posts, comment)
STAFFING = {
    "ugglans-forskola": [(2, -0.25, "Färre barn från augusti.")],
    "solglantans-forskola": [(2, -0.25, "Färre barn från augusti.")],
    "bjorkdungens-skola": [(2, -0.5, "En halv resurstjänst mindre när elevassistenten slutar.")],
    "solbackens-aldreboende": [(1, -0.75, "Gemensam nattbemanning med Lindhagen.")],
    "smultronets-forskola": [(2, 0.25, "Fler barn.")],
    "gruppbostad-eken": [(1, -0.5, "Nytt schema minskar behovet dagtid."), (2, 0.25, "Mer handledning.")],
    "kommunledningskontoret": [(2, -0.5, "Utredartjänst delas med socialkontoret.")],
    "socialkontoret": [(3, -0.5, "Administrationen samlas på ett ställe.")],
}

# Own goals of some units: goal above, text, indicator, unit, direction, present, target
OWN_GOALS = {
    "svanens-forskola": (
        "fo-1",
        "Barnen är ute i skogen minst två dagar i veckan.",
        "Dagar i skogen per vecka",
        "dagar",
        "Högre",
        "1,4",
        "2",
    ),
    "kyrkangens-skola": (
        "gr-1",
        "Alla elever lånar minst en bok i veckan.",
        "Lån per elev och månad",
        "antal",
        "Högre",
        "2,6",
        "4",
    ),
    "lindhagens-aldreboende": (
        "sn-1",
        "Alla boende kommer ut varje dag om de vill.",
        "Boende som kommer ut varje dag",
        "%",
        "Högre",
        "68",
        "80",
    ),
    "kulturskolan": (
        "kfn-1",
        "Fler barn prövar ett instrument.",
        "Barn på prova-på-dagar",
        "antal",
        "Högre",
        "310",
        "400",
    ),
    "park-och-natur": ("tn-1", "Fler blommande ytor för pollinerare.", "Yta med äng", "hektar", "Högre", "3,5", "4,5"),
    "kontaktcenter": (
        "klk-1",
        "Den som ringer får svar inom tre minuter.",
        "Samtal som besvaras inom tre minuter",
        "%",
        "Högre",
        "71",
        "80",
    ),
}

# Assignment -> who, action
ACTIONS = {
    "kf-lokaler": ("Fastighetschef", "Behov samlas in av nämnderna i februari, förslag till plan i maj."),
    "kf-naringsliv": ("Näringslivschef", "En väg in för företag, och svar inom två dagar."),
    "kf-unga": ("Avdelningschef", "Två föreningar driver kvällsöppet tillsammans med fritidsgårdarna."),
    "kf-tidiga": ("Socialchef", "Gemensamma team för åldrarna 0–12 år prövas från januari."),
    "kf-tidiga-un": ("Utbildningschef", "Skolorna utser en samordnare var till de gemensamma teamen."),
    "kf-digitala": ("Bygglovschef", "Ny e-tjänst i tre steg, klar för villor i mars."),
    "ks-inkop": ("Upphandlingschef", "Gemensam inköpskalender och tre ramavtal under året."),
    "ks-styrmodell": ("Ekonomichef", "Två arbetsmöten per nämnd under våren."),
    "un-lokaler": (
        "Utbildningschef",
        "Två förskolor slås ihop i samma hus, en avdelning ställs om till öppen förskola.",
    ),
    "un-vikarier": ("Utbildningschef", "Gemensam vikariepool för skolorna i samma område."),
    "sn-schema": ("Socialchef", "Samma planeringssystem på alla boenden från september."),
    "sn-placeringar": ("Avdelningschef", "Tre nya familjehem rekryteras under våren."),
    "tn-energi": ("Fastighetschef", "Mätning av alla byggnader, plan till nämnden i april."),
    "msn-avgifter": ("Miljöchef", "Kostnaden per timme räknas om, förslag till ny taxa i mars."),
    "ks-ranta": ("Ekonomichef", "En procentenhet högre ränta kostar omkring 6 mnkr; redovisas i budgeten."),
    "ks-agare": ("Verkställande direktör", "Besiktning av alla hus under hösten, rapport i juni."),
    "fo-planering": ("Avdelningschef", "Mallen tas fram av fem rektorer och prövas i januari."),
    "gr-lasning": ("Avdelningschef", "Tre skolor tar emot besök, material samlas på ett ställe."),
    "ao-schema": ("Avdelningschef", "Gemensam bemanningsenhet för Ekgården och Strandgården."),
    "kfa-entre": ("Avdelningschef", "Kostnaden räknas för tre nivåer av öppettider."),
    "gp-vinter": ("Avdelningschef", "Avtalet jämförs med två grannkommuner före upphandling."),
    "ekbacken-mat": ("Rektor", "Barnen väger svinnet varje vecka, mindre portioner från start."),
    "solglantan-lokal": ("Rektor", "En avdelning blir ateljé för alla barn."),
    "talludden-sprak": ("Rektor", "Språkgrupper tisdagar och torsdagar, utvärdering i maj."),
    "havsbrisen-mat": ("Måltidsansvarig", "Buffé för de äldre barnen och uppföljning varje månad."),
    "tallbacken-lasning": ("Biträdande rektor", "Lässtund första lektionen varje dag."),
    "hojden-vikarier": ("Rektor", "Lärarlag täcker varandra vid korttidsfrånvaro."),
    "vikens-studiero": ("Rektor", "Elevrådet och lärarna tar fram fem regler tillsammans."),
    "gymnasiet-narvaro": ("Rektor", "Mentor ringer hem samma dag."),
    "ekgarden-bemanning": ("Enhetschef", "Gemensamt schema nattetid från mars."),
    "strandgarden-bemanning": ("Enhetschef", "Gemensamt schema nattetid från mars."),
    "hemtjanst-planering": ("Enhetschef", "Nya rutter efter område, uppföljning varje månad."),
    "oppenvard-grupper": ("Enhetschef", "Två grupper om tio föräldrar startar i augusti."),
    "bistand-digital": ("Enhetschef", "E-tjänst införs i två steg under våren."),
    "bibliotek-meroppet": ("Bibliotekschef", "Larm och passersystem i februari, öppnar i april."),
    "simhall-grupper": ("Anläggningschef", "Sex nya grupper på lördagar."),
    "gata-belysning": ("Gatuchef", "Byte på fyra sträckor under sommaren."),
    "fastighet-energi": ("Energistrateg", "Månadsvärden för de tjugo största byggnaderna."),
    "bygglov-svar": ("Bygglovschef", "Veckovis genomgång av alla öppna anmälningar."),
    "it-inloggning": ("IT-chef", "De tio mest använda systemen först, resten till december."),
    "ekonomi-uppfoljning": ("Ekonomichef", "Färre manuella steg, ny tidplan från januari."),
}

# Committees, administrations, departments, central finance, company: row, change in tkr, comment
CHANGES = {
    "kommunstyrelsen": [("7490-100", -60, "Färre resor och konferenser, −60 tkr.")],
    "kultur-och-fritidsnamnden": [("7490-100", -10, "")],
    "miljo-och-stadsbyggnadsnamnden": [("7490-100", -10, "")],
    "socialnamnden": [("4610-510", -900, "Något färre köpta platser under hösten, −900 tkr."), ("7490-100", -15, "")],
    "tekniska-namnden": [("7490-100", -10, "")],
    "utbildningsnamnden": [
        ("4610-450", 400, "Åtta fler elever hos andra huvudmän från augusti, +400 tkr."),
        ("4610-407", -600, "Fem färre barn i fristående förskolor, −600 tkr."),
    ],
    "revisionen": [("7490-120", -2, "")],
    "kommunledningskontoret": [("7410-920", 200, "Stöd till samordnade inköp under våren, +200 tkr.")],
    "bildningsforvaltningen": [
        ("7410-440", -120, "Utredningar görs i egen regi, −120 tkr."),
        ("7420-440", 90, "Nytt system för skolval, +90 tkr."),
    ],
    "socialkontoret": [("7410-510", -90, "Färre konsulttimmar i verksamhetssystemet, −90 tkr.")],
    "tekniska-kontoret": [("7410-249", -30, "")],
    "miljo-och-stadsbyggnadskontoret": [
        ("7410-263", -150, "Luftmätningen samordnas med grannkommunerna, −150 tkr."),
        ("7420-215", 110, "Ny e-tjänst för lov tas i drift i mars, +110 tkr."),
    ],
    "avdelning-forskola": [
        ("7410-407", -40, "Egna lärare håller kurserna i stället för inhyrda, −40 tkr."),
        ("n1-5510-407", 40, "Alla rektorer får utbildning i planering av undervisning, +40 tkr."),
    ],
    "avdelning-grundskola": [
        ("7010-440", -160, "Skolskjuts upphandlas om, −160 tkr."),
        ("7420-440", 120, "Läromedel på nätet för alla skolor, +120 tkr."),
    ],
    "avdelning-gymnasium-och-vux": [("7010-450", -70, "Färre busskort när fler cyklar, −70 tkr.")],
    "kultur-och-fritidsavdelningen": [
        ("4510-300", 60, "Bidrag till två nya föreningar, +60 tkr."),
        ("7410-300", -60, "Marknadsföring i egen regi, −60 tkr."),
    ],
    "avdelning-aldreomsorg": [
        ("7410-510", -80, "Färre utbildningsdagar med extern ledare, −80 tkr."),
        ("7420-510", 60, "Licenser för nytt planeringssystem, +60 tkr."),
    ],
    "avdelning-funktionsnedsattning": [
        ("4630-513", -800, "En placering avslutas i mars, −800 tkr."),
        ("7010-513", 150, "Fler resor när två nya deltagare börjar i daglig verksamhet, +150 tkr."),
    ],
    "avdelning-individ-och-familj": [
        ("4630-569", -500, "Två placeringar i egna familjehem i stället för köpta, −500 tkr.")
    ],
    "avdelning-gata-och-park": [("7410-249", -50, "Besiktningar görs i egen regi, −50 tkr.")],
    "finansforvaltningen": [
        ("8010-900", 1_500, "Högre skatteunderlag i prognosen i augusti, +1 500 tkr."),
        ("8520-900", -400, "Lägre ränta på ett omsatt lån, −400 tkr."),
    ],
    "djursholms-ab": [
        ("3410-815", 60, "En tom lokal får ny hyresgäst från mars, +60 tkr."),
        ("6340-815", 300, "Taket på en fastighet läggs om eftersom det läcker, +300 tkr."),
    ],
}
# account, activity, 2026, 2027, 2028, why
ADJUSTMENTS = {
    "avdelning-grundskola": [
        (
            "5021 Löner, lärare",
            "440 Grundskola",
            -300,
            -600,
            -600,
            "Gemensam vikariepool för skolorna ger mindre timmar från augusti, −300 tkr.",
        )
    ],
    "avdelning-aldreomsorg": [
        (
            "5025 Löner, timavlönade",
            "510 Vård och omsorg om äldre",
            -250,
            -400,
            -400,
            "Gemensam bemanning för två boenden från juni, −250 tkr.",
        )
    ],
    "socialnamnden": [
        (
            "4630 Köpta platser",
            "569 Barn- och ungdomsvård",
            -400,
            -800,
            -800,
            "Fler familjehem i egen regi från april, −400 tkr.",
        )
    ],
    "bildningsforvaltningen": [
        (
            "7490 Övriga verksamhetskostnader",
            "440 Grundskola",
            -50,
            -50,
            -50,
            "Gemensamma inköp för båda nämnderna, −50 tkr.",
        )
    ],
}

MISSIONS = {
    "kommunstyrelsen": (
        "Kommunen ska ledas och samordnas, och ekonomin vara i balans.",
        "Leder och följer upp kommunens verksamheter, ansvarar för ekonomi, personal, säkerhet och näringsliv.",
        "Invånare, företag, kommunfullmäktige och de andra nämnderna.",
    ),
    "kultur-och-fritidsnamnden": (
        "Alla ska kunna ta del av kultur och ha en aktiv fritid.",
        "Driver bibliotek, kulturskola, fritidsgårdar och anläggningar, och stöder föreningar.",
        "Alla invånare, särskilt barn och unga.",
    ),
    "miljo-och-stadsbyggnadsnamnden": (
        "Mark och vatten ska användas väl och miljön vara god.",
        "Planerar, ger lov och utövar tillsyn enligt plan- och bygglagen och miljöbalken.",
        "Den som bor, bygger eller verkar i kommunen.",
    ),
    "socialnamnden": (
        "Den som behöver stöd ska få det, med respekt och i tid.",
        "Ger stöd, vård och omsorg till äldre, personer med funktionsnedsättning, barn, unga och vuxna.",
        "Invånare som behöver stöd i olika delar av livet.",
    ),
    "tekniska-namnden": (
        "Gator, vatten, parker och lokaler ska fungera varje dag.",
        "Bygger, driver och underhåller kommunens anläggningar och lokaler.",
        "Invånare, företag och kommunens egna verksamheter.",
    ),
    "utbildningsnamnden": (
        "Alla barn, elever och vuxna ska få utbildning av god kvalitet.",
        "Ger förskola, skola och vuxenutbildning i egen regi och betalar peng till fristående.",
        "Barn, elever, vårdnadshavare och vuxna som studerar.",
    ),
    "revisionen": (
        "Fullmäktige ska kunna lita på hur verksamheten sköts.",
        "Granskar nämndernas verksamhet, räkenskaper och interna kontroll.",
        "Kommunfullmäktige och invånarna.",
    ),
    "kommunledningskontoret": (
        "Nämnder och chefer ska ha ett bra gemensamt stöd.",
        "Ger stöd i ekonomi, personal, IT, kansli och kommunikation.",
        "Förtroendevalda, chefer och medarbetare.",
    ),
    "bildningsforvaltningen": (
        "Förskolor, skolor, kultur och fritid ska ha goda förutsättningar.",
        "Leder verksamheten åt utbildningsnämnden och åt kultur- och fritidsnämnden.",
        "Barn, elever, besökare och rektorer.",
    ),
    "socialkontoret": (
        "Nämndens uppdrag ska utföras rättssäkert och väl.",
        "Leder myndighetsutövning och omsorg i egen regi.",
        "Invånare med behov av stöd.",
    ),
    "tekniska-kontoret": (
        "Nämndens anläggningar ska hålla länge.",
        "Planerar, upphandlar och följer upp drift och investeringar.",
        "Tekniska nämnden och den som använder anläggningarna.",
    ),
    "miljo-och-stadsbyggnadskontoret": (
        "Ärenden ska prövas lika och i tid.",
        "Handlägger planer, lov och tillsyn.",
        "Sökande, grannar och verksamheter.",
    ),
    "djursholms-ab": (
        "Bolaget ska förvalta sina fastigheter väl.",
        "Äger, hyr ut och underhåller fastigheter.",
        "Hyresgäster och ägaren.",
    ),
}

# text, kind, what it means, area, priority
ANALYSES = {
    "kommunstyrelsen": [
        (
            "Skatteunderlaget växer långsammare än de senaste tio åren.",
            "Omvärld",
            "Nya åtaganden måste betalas med omprioritering.",
            "Hög effektivitet",
            1,
        ),
        (
            "Fler chefer efterfrågar stöd i rekrytering.",
            "Nuläge",
            "Personalstödet behöver arbeta mer gemensamt.",
            "Hög attraktivitet",
            2,
        ),
    ],
    "kultur-och-fritidsnamnden": [
        ("Barn och unga rör sig mindre.", "Omvärld", "Enkla aktiviteter nära hemmet behövs.", "Hög attraktivitet", 1),
        ("Besöken ökar när öppettiderna blir längre.", "Nuläge", "Meröppet prövas på fler ställen.", "Hög kvalitet", 2),
    ],
    "miljo-och-stadsbyggnadsnamnden": [
        (
            "Byggandet har minskat och avgifterna med det.",
            "Omvärld",
            "Avgifterna täcker en mindre del av kostnaden.",
            "Hög effektivitet",
            1,
        )
    ],
    "socialnamnden": [
        (
            "Antalet invånare över 80 år ökar varje år till 2030.",
            "Omvärld",
            "Fler behöver hemtjänst och boende.",
            "Hög kvalitet",
            1,
        ),
        (
            "Köpta placeringar har blivit dyrare.",
            "Nuläge",
            "Egna familjehem och öppna insatser behöver öka.",
            "Hög effektivitet",
            2,
        ),
        (
            "Det är svårt att rekrytera sjuksköterskor.",
            "Omvärld",
            "Samarbete med regionen och bättre villkor.",
            "Hög attraktivitet",
            3,
        ),
    ],
    "tekniska-namnden": [
        (
            "Underhållet av äldre lokaler ligger efter.",
            "Nuläge",
            "En lokalplan behövs för att välja rätt.",
            "Hög kvalitet",
            1,
        ),
        ("Skyfall blir vanligare.", "Omvärld", "Dagvatten måste tas om hand på fler platser.", "Stark utveckling", 2),
    ],
    "utbildningsnamnden": [
        (
            "Barnen i förskoleåldern blir färre.",
            "Omvärld",
            "Lokaler och bemanning anpassas i tid.",
            "Hög effektivitet",
            1,
        ),
        (
            "Andelen lärare med legitimation varierar mellan skolorna.",
            "Nuläge",
            "Skolorna samarbetar om rekrytering.",
            "Hög attraktivitet",
            2,
        ),
    ],
    "revisionen": [
        (
            "Fler granskningar gäller flera nämnder samtidigt.",
            "Nuläge",
            "Granskningen planeras för två år i taget.",
            "Hög effektivitet",
            1,
        )
    ],
    "kommunledningskontoret": [
        (
            "Kraven på informationssäkerhet ökar.",
            "Omvärld",
            "System och rutiner ses över tillsammans.",
            "Stark utveckling",
            1,
        )
    ],
    "bildningsforvaltningen": [
        ("Rektorer lägger mycket tid på administration.", "Nuläge", "Stödet samlas i ett team.", "Hög kvalitet", 1)
    ],
    "socialkontoret": [
        (
            "Enhetschefer har många medarbetare.",
            "Nuläge",
            "Nya grupper och delat ledarskap prövas.",
            "Hög attraktivitet",
            1,
        )
    ],
    "tekniska-kontoret": [
        (
            "Priserna på entreprenader stiger mer än andra priser.",
            "Omvärld",
            "Avtalen förlängs där det är lönsamt.",
            "Hög effektivitet",
            1,
        )
    ],
    "miljo-och-stadsbyggnadskontoret": [
        ("Allt fler ärenden överklagas.", "Nuläge", "Tydligare beslut och tidig dialog.", "Hög kvalitet", 1)
    ],
    "djursholms-ab": [
        ("Räntan är högre än när lånen togs.", "Omvärld", "Underhållet planeras över fler år.", "Hög effektivitet", 1)
    ],
}

# project, activity, decided in all, used so far, 2026, 2027, 2028, in use, why
INVESTMENTS = {
    "kommunstyrelsen": [
        (
            "Gemensamt ärendesystem",
            "100 Nämnd- och styrelseverksamhet",
            6_500,
            1_800,
            3_200,
            1_500,
            0,
            "2027-03-01",
            "Det gamla systemet får inga uppdateringar efter 2027.",
        )
    ],
    "kultur-och-fritidsnamnden": [
        (
            "Konstgräs på idrottsplats",
            "340 Idrotts- och fritidsanläggningar",
            9_000,
            0,
            9_000,
            0,
            0,
            "2026-09-15",
            "Planen är utsliten.",
        ),
        (
            "Meröppet på huvudbiblioteket",
            "320 Bibliotek",
            1_400,
            0,
            1_400,
            0,
            0,
            "2026-04-15",
            "Larm, dörrar och passersystem.",
        ),
    ],
    "miljo-och-stadsbyggnadsnamnden": [
        (
            "E-tjänst för lov",
            "215 Fysisk och teknisk planering",
            2_200,
            600,
            1_200,
            400,
            0,
            "2026-10-01",
            "Uppdraget om digitala ansökningar.",
        )
    ],
    "socialnamnden": [
        (
            "Inventarier till nytt gruppboende",
            "513 Insatser enligt LSS/SFB",
            1_800,
            0,
            300,
            1_500,
            0,
            "2027-08-01",
            "Nytt boende enligt LSS.",
        )
    ],
    "tekniska-namnden": [
        (
            "Ombyggnad av F–9-skola",
            "910 Gemensamma lokaler (fördelas genom internhyra)",
            145_000,
            22_000,
            58_000,
            52_000,
            13_000,
            "2028-08-01",
            "Skolan byggs om i tre steg.",
        ),
        (
            "Vattenledningar, förnyelse",
            "865 Vattenförsörjning och avloppshantering",
            60_000,
            12_000,
            16_000,
            16_000,
            16_000,
            "2028-12-31",
            "Ledningar från 1950-talet byts.",
        ),
        (
            "Gång- och cykelvägar",
            "249 Väg- och järnvägsnät, parkering",
            24_000,
            4_000,
            8_000,
            7_000,
            5_000,
            "2028-10-31",
            "Tre sträckor till skolor.",
        ),
        ("Lekplatser", "250 Parker", 7_500, 1_500, 2_500, 2_000, 1_500, "2026-06-30", "Två nya och fyra upprustade."),
    ],
    "utbildningsnamnden": [
        (
            "Inventarier till skolor",
            "440 Grundskola",
            6_000,
            0,
            2_000,
            2_000,
            2_000,
            "",
            "Möbler och utrustning, fördelas av förvaltningen.",
        )
    ],
    "djursholms-ab": [
        ("Omläggning av tak", "815 Bostadsverksamhet", 4_200, 0, 2_600, 1_600, 0, "2027-06-30", "Taket läcker.")
    ],
}

# risk, kind, likelihood, consequence, control, owner, how often
RISKS = {
    "kommunstyrelsen": [
        (
            "Fel i underlaget för skatteintäkter upptäcks sent.",
            "Ekonomisk skada",
            2,
            4,
            "Avstämning mot SKR:s prognos vid varje tillfälle.",
            "Ekonomichef",
            "Fem gånger per år",
        ),
        (
            "Avbrott i gemensamma system under lång tid.",
            "Effektivitetsbrist",
            3,
            3,
            "Övning i att arbeta utan system.",
            "IT-chef",
            "Varje år",
        ),
    ],
    "kultur-och-fritidsnamnden": [
        (
            "Bidrag till föreningar betalas ut på fel grund.",
            "Förtroendeskada",
            3,
            3,
            "Stickprov av tjugo ansökningar.",
            "Avdelningschef",
            "Varje halvår",
        )
    ],
    "miljo-och-stadsbyggnadsnamnden": [
        (
            "Beslut om lov dröjer längre än lagen medger.",
            "Ekonomisk skada",
            3,
            3,
            "Veckolista över ärenden som närmar sig tio veckor.",
            "Bygglovschef",
            "Varje vecka",
        )
    ],
    "socialnamnden": [
        (
            "Insatser följs inte upp i tid.",
            "Kvalitetsbrist",
            3,
            4,
            "Stickprov av genomförandeplaner.",
            "Kvalitetschef",
            "Varje kvartal",
        ),
        (
            "Köpta platser faktureras efter avslutad placering.",
            "Ekonomisk skada",
            3,
            3,
            "Avstämning av fakturor mot beslut.",
            "Controller",
            "Varje månad",
        ),
        ("Delegationsordningen följs inte.", "Förtroendeskada", 2, 3, "", "", ""),
    ],
    "tekniska-namnden": [
        (
            "Upphandlade entreprenader blir dyrare än avtalat.",
            "Ekonomisk skada",
            3,
            3,
            "Avstämning av mängder vid varje betalplan.",
            "Projektchef",
            "Varje månad",
        ),
        ("Läckage i ledningsnätet upptäcks sent.", "Effektivitetsbrist", 2, 3, "", "", ""),
    ],
    "utbildningsnamnden": [
        (
            "Barn räknas i fel verksamhet när peng betalas ut.",
            "Ekonomisk skada",
            3,
            3,
            "Avstämning av register mot utbetalning.",
            "Controller",
            "Varje månad",
        ),
        (
            "Anmälningar om kränkning utreds inte i tid.",
            "Kvalitetsbrist",
            3,
            4,
            "Genomgång av alla öppna ärenden.",
            "Verksamhetschef",
            "Varje månad",
        ),
    ],
    "revisionen": [("Granskningen får för liten tid hos nämnderna.", "Kvalitetsbrist", 2, 2, "", "", "")],
    "djursholms-ab": [
        (
            "Hyresintäkter faller när lokaler står tomma.",
            "Ekonomisk skada",
            3,
            3,
            "Genomgång av uthyrningen.",
            "Verkställande direktör",
            "Varje kvartal",
        )
    ],
}

# request, priority, activity, 2026, 2027, 2028, what happens otherwise
REQUESTS = {
    "kommunstyrelsen": [
        (
            "Informationssäkerhet: samordnare och verktyg",
            1,
            "275 Totalförsvar och samhällsskydd",
            1_200,
            1_200,
            1_200,
            "Kraven i lagen möts senare än planerat.",
        )
    ],
    "kultur-och-fritidsnamnden": [
        (
            "Fler tider för simskola",
            1,
            "340 Idrotts- och fritidsanläggningar",
            450,
            450,
            450,
            "Kön till simskolan är kvar.",
        ),
        ("Filmverkstad för unga", 2, "350 Fritidsgårdar", 300, 300, 300, "Verkstaden startar inte."),
    ],
    "miljo-och-stadsbyggnadsnamnden": [
        (
            "Översiktsplanens miljöbedömning",
            1,
            "215 Fysisk och teknisk planering",
            700,
            300,
            0,
            "Översiktsplanen försenas ett år.",
        )
    ],
    "socialnamnden": [
        (
            "Tjugo nya platser i särskilt boende från hösten",
            1,
            "510 Vård och omsorg om äldre",
            4_500,
            11_000,
            11_200,
            "Fler väntar längre på plats, och köpta platser ökar.",
        ),
        ("Nytt boende enligt LSS", 2, "513 Insatser enligt LSS/SFB", 0, 5_200, 6_300, "Platser måste köpas av andra."),
    ],
    "tekniska-namnden": [
        (
            "Extra underhåll av gator",
            1,
            "249 Väg- och järnvägsnät, parkering",
            2_000,
            2_000,
            2_000,
            "Standarden sjunker på mindre gator.",
        ),
        (
            "Skyfallsåtgärder",
            2,
            "249 Väg- och järnvägsnät, parkering",
            800,
            1_500,
            1_500,
            "Översvämning vid tre kända punkter.",
        ),
    ],
    "utbildningsnamnden": [
        (
            "Stöd till elever med längre frånvaro",
            1,
            "440 Grundskola",
            2_400,
            2_400,
            2_400,
            "Insatserna börjar senare och färre nås.",
        ),
        ("Lärare i svenska som andraspråk", 2, "440 Grundskola", 900, 900, 900, "Grupperna blir större."),
    ],
}

# what is agreed, giver, receiver, date
AGREEMENTS = {
    "kommunstyrelsen": [
        ("Ramen hålls och det gemensamma stödet blir enklare.", "Kommunfullmäktige", "Kommunstyrelsen", "2025-08-25")
    ],
    "kultur-och-fritidsnamnden": [
        ("Fler barn och unga deltar inom given ram.", "Kommunfullmäktige", "Kultur- och fritidsnämnden", "2025-08-26")
    ],
    "miljo-och-stadsbyggnadsnamnden": [
        ("Besked ges inom tio veckor.", "Kommunfullmäktige", "Miljö- och stadsbyggnadsnämnden", "2025-08-27")
    ],
    "socialnamnden": [
        ("Tidiga insatser går före dyra placeringar.", "Kommunfullmäktige", "Socialnämnden", "2025-08-26")
    ],
    "tekniska-namnden": [
        ("Lokalplanen kommer före nya investeringar.", "Kommunfullmäktige", "Tekniska nämnden", "2025-08-28")
    ],
    "utbildningsnamnden": [
        ("Pengen räknas på samma grunder för alla.", "Kommunfullmäktige", "Utbildningsnämnden", "2025-08-25")
    ],
    "kommunledningskontoret": [
        ("Stöd till nämnderna går före nya projekt.", "Kommunstyrelsen", "Kommundirektör", "2025-06-24")
    ],
    "bildningsforvaltningen": [
        ("Rektorernas tid för ledarskap ökar.", "Utbildningsnämnden", "Förvaltningschef", "2025-06-23")
    ],
    "socialkontoret": [
        ("Gemensam planering av scheman införs i år.", "Socialnämnden", "Förvaltningschef", "2025-06-24")
    ],
    "tekniska-kontoret": [
        ("Felanmälningar åtgärdas inom fem dagar.", "Tekniska nämnden", "Förvaltningschef", "2025-06-25")
    ],
    "miljo-och-stadsbyggnadskontoret": [
        ("Alla ansökningar om lov blir digitala.", "Miljö- och stadsbyggnadsnämnden", "Förvaltningschef", "2025-06-25")
    ],
    "avdelning-forskola": [
        ("Undervisningen planeras i alla barngrupper.", "Förvaltningschef", "Avdelningschef", "2025-06-17")
    ],
    "avdelning-grundskola": [("Läsningen är viktigast i år.", "Förvaltningschef", "Avdelningschef", "2025-06-17")],
    "avdelning-aldreomsorg": [
        ("Färre medarbetare möter varje person.", "Förvaltningschef", "Avdelningschef", "2025-06-18")
    ],
    "avdelning-individ-och-familj": [
        ("Utredningar tar kortare tid.", "Förvaltningschef", "Avdelningschef", "2025-06-18")
    ],
    "kultur-och-fritidsavdelningen": [
        ("Unga leder fler aktiviteter själva.", "Förvaltningschef", "Avdelningschef", "2025-06-17")
    ],
    "djursholms-ab": [("Underhållet planeras för tio år.", "Kommunfullmäktige", "Styrelsen", "2025-08-27")],
}

# committee's volumes: id, change, comment
VOLUMES = {
    "utbildningsnamnden": [
        ("barn-fristaende", "-5", "Färre barn i kön i maj."),
        ("gymnasium-andra", "8", "Fler sökande till andra huvudmän."),
    ],
    "socialnamnden": [("boende-platser", "2", "Två fler beslut väntas under hösten.")],
}

# status, minutes, date
SIGNED = {
    "kommunstyrelsen": ("Nämndens beslut", "§ 112", "2025-08-25"),
    "kultur-och-fritidsnamnden": ("Nämndens beslut", "§ 47", "2025-08-26"),
    "miljo-och-stadsbyggnadsnamnden": ("Nämndens beslut", "§ 93", "2025-08-27"),
    "socialnamnden": ("Nämndens beslut", "§ 81", "2025-08-26"),
    "tekniska-namnden": ("Nämndens beslut", "§ 66", "2025-08-28"),
    "utbildningsnamnden": ("Nämndens beslut", "§ 74", "2025-08-25"),
    "revisionen": ("Nämndens beslut", "§ 9", "2025-08-20"),
    "finansforvaltningen": ("Förvaltningens förslag", "", ""),
    "djursholms-ab": ("Nämndens beslut", "§ 31", "2025-08-27"),
}
MESSAGES = {
    "solglantans-forskola": "Vi vill gärna tala om lokalerna före sommaren.",
    "tallbackens-skola": "Läromedelsinköpen görs i augusti.",
    "simhallen": "Stängt två veckor i juli för underhåll.",
    "hemtjanst-soder": "Timmarna följs upp varje månad.",
    "avdelning-aldreomsorg": "Justeringen gäller de två boenden som delar bemanning.",
    "socialnamnden": "Äskandena är behandlade i nämnden.",
    "finansforvaltningen": "Skatteprognosen uppdateras i oktober.",
}
