//! Čeština.

use model::{Cause, Rule};

use super::{Label, Said, Words};

pub(super) struct Czech;

impl Words for Czech {
    fn units(&self) -> ([&'static str; 3], char) {
        (["h", "min", "s"], ',')
    }

    fn template(&self, said: Said) -> &'static str {
        match said {
            Said::Trying => "{0} volá číslo {1}.",
            Said::Talking => "{0} volá číslo {1}; hovor trvá.",
            Said::Talked => "{0} volá číslo {1}; hovor trvá {2}, zavěšuje {3}.",
            Said::TalkedUntil => "{0} volá číslo {1}; hovor trvá {2}, důvod konce: {3}.",
            Said::Failed => "{0} volá číslo {1} bez přijetí: {2}, po {3}.",
            Said::ExchangeStarted => "Ústředna spuštěna",
            Said::ExchangeStopping => "Ústředna nepřijímá nové hovory",
            Said::ExchangeStopped => "Ústředna zastavena",
            Said::ClockStepped => "Hodiny přestaveny z {0} na {1}",
            Said::ClaimMade => {
                "U zařízení byl vytvořen kód pro převzetí: 30 minut se s ním lze stát správcem"
            }
            Said::ClaimUsed => "Někdo se stal správcem díky kódu pro převzetí",
            Said::ConfigApplied => "Platí verze nastavení {0}",
            Said::Registered => "{0}: telefon přihlášen přes {1}, {2}",
            Said::Unregistered => "{0}: telefon odhlášen",
            Said::UnregisteredFrom => "{0}: telefon odhlášen ({1})",
            Said::CallStarted => "{0} volá číslo {1}",
            Said::Dialled => "Volené číslo: {0}",
            Said::Routed => "Cíl hovoru: {0}",
            Said::LegCalled => "Vyzvánění: {0}{1}",
            Said::LegJoined => "Připojuje se {0}{1}",
            Said::LegRang => "Zvoní telefon: {0}",
            Said::LegWaits => "Telefon ještě nemůže zvonit: {0}",
            Said::LegEarlyMedia => "Zvuk před přijetím: {0}",
            Said::LegAnswered => "Hovor přijímá {0}{1}",
            Said::LegPutThrough => "Spojeno: {0}{1}",
            Said::LegCodecChanged => "Změna kodeku na {1}: {0}",
            Said::LegSecured => "Hlas je chráněn (SRTP): {0}",
            Said::LegFax => "Ozval se fax: {0}",
            Said::LegHeld => "Hovor přidržuje {0}",
            Said::LegResumed => "K hovoru se vrací {0}",
            Said::CallJoined => "Strany tohoto hovoru a hovoru {0} se navzájem slyší",
            Said::ConferenceJoined => "{0} vstupuje do konference",
            Said::ConferenceLed => "{0} vstupuje do konference jako moderátor",
            Said::ConferenceRefused => "{0} do konference nevstoupí",
            Said::ConferenceGreeted => "{0} slyší uvítání konference",
            Said::ConferenceWaits => "{0} čeká na moderátora",
            Said::ConferenceLeft => "{0} opouští konferenci",
            Said::ConferenceMuted => "{0} není v konferenci slyšet",
            Said::ConferenceUnmuted => "{0} je v konferenci opět slyšet",
            Said::ConferenceLocked => "{0} zamyká konferenci",
            Said::ConferenceUnlocked => "{0} konferenci opět otevírá",
            Said::LegEnded => "Odchází {0}: {1}{2}",
            Said::CallAnswered => "Začátek hovoru, přijímá {0}",
            Said::CallEnded => "Konec spojení po {0}: {1}",
            Said::LegQuality => "{0}: známka {1}, ztraceno {2} %",
            Said::RecordingStarted => "Hovor se nahrává",
            Said::TrackStarted => "Hlas: {0} se nahrává",
            Said::RecordingPaused => "Nahrávání přerušeno",
            Said::RecordingResumed => "Nahrávání pokračuje",
            Said::RecordingEnded => "Konec nahrávání",
            Said::RecordingStored => "Nahrávka uložena, délka {0}",
            Said::RecordingLost => "Nahrávku se nepodařilo uložit",
            Said::Erased => "Údaje osoby vymazány",
            of_board => board_said(of_board),
        }
    }

    fn rule(&self, rule: Rule) -> &'static str {
        match rule {
            Rule::Operator => "rozhodla obsluha",
            Rule::ClockChanged => "hodiny zařízení poskočily",
            Rule::ConfigSaved => "nastavení bylo uloženo",
            Rule::RegisterAuthenticated => "přihlášení se správným heslem",
            Rule::RegisterRemoved => "telefon se odhlásil",
            Rule::RegisterExpired => "telefon včas neobnovil přihlášení",
            Rule::RegisterFlowLost => "spojení s telefonem se přerušilo",
            Rule::RegisterOwnerRemoved => "vlastník už není v nastavení",
            Rule::CallFromPhone => "číslo volil přihlášený telefon",
            Rule::CallFromPort => "u analogového přístroje bylo zvednuto sluchátko",
            Rule::DialledPerson => "je to linka osoby",
            Rule::DialledDevice => "je to linka telefonu bez majitele",
            Rule::DialledAnalog => "je to linka analogového přístroje",
            Rule::DialledEchoTest => "je to kód testu ozvěny",
            Rule::DialledLogin => "je to přihlašovací jméno osoby",
            Rule::DialledUnknown => "toto číslo nikdo nemá",
            Rule::DialledTooMuch => "žádné číslo takto nezačíná",
            Rule::DialTimeout => "další číslice nepřišla",
            Rule::DialledOneself => "linka volá sama sebe a nemá jiný telefon",
            Rule::RingAllPhones => "zvoní všechny telefony osoby najednou",
            Rule::RingNoPhone => "osoba nemá přihlášený telefon",
            Rule::PhoneRang => "telefon ohlásil, že zvoní",
            Rule::PhoneEarlyMedia => "telefon poslal zvuk předem",
            Rule::PhoneAnswered => "tento telefon přijal první",
            Rule::CallerConnected => "hovor byl přijat",
            Rule::PhoneRefused => "telefon odmítl",
            Rule::PhoneSilent => "telefon vůbec neodpovídá",
            Rule::AnsweredElsewhere => "jiný telefon přijal první",
            Rule::RingTimeout => "doba vyzvánění uplynula",
            Rule::CallerGaveUp => "volající zavěsil před přijetím",
            Rule::PartyHungUp => "jedna strana zavěsila",
            Rule::PartyHeld => "strana hovor přidržela",
            Rule::PartyResumed => "strana přidržení ukončila",
            Rule::SessionTimer => "telefon přestal hovor potvrzovat",
            Rule::AckMissing => "telefon nepotvrdil přijetí",
            Rule::DialogLost => "signalizace s telefonem se přerušila",
            Rule::NoCommonCodec => "telefony nemají společný kodek",
            Rule::NoCommonProtection => "jedna strana trvá na ochraně hlasu (SRTP) a druhá ji nemá",
            Rule::MediaSecured => "klíče hlasu dorazily",
            Rule::MediaKeysLate => "klíče hlasu nedorazily včas",
            Rule::MediaKeysForged => "certifikát není ten, který byl ohlášen",
            Rule::MediaKeysFailed => "klíče hlasu se nepodařilo dohodnout",
            Rule::MediaInClear => "druhá strana poslala hlas nechráněný",
            Rule::MediaPeerSilent => "od protistrany už nic nepřichází",
            Rule::MediaFax => "ve zvuku jsou tóny faxu",
            Rule::NoMediaPorts => "nejsou volné porty pro zvuk",
            Rule::Stopping => "ústředna se zastavuje",
            Rule::PeerMisbehaved => "protistrana porušila protokol",
            Rule::PowerLost => "výpadek napájení, zjištěn při dalším startu",
            Rule::RecordAll => "všechny hovory strany se nahrávají",
            Rule::RecordAsked => "někdo o to požádal",
            Rule::RecordOver => "poslední nahrávaná strana odešla",
            Rule::RecordKept => "nahrávání je zpracováno",
            Rule::Periodic => "pravidelný údaj",
            other => conference(other),
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Normal => "zavěšeno",
            Cause::Cancelled => "volající to vzdal",
            Cause::Busy => "obsazeno",
            Cause::NoAnswer => "nikdo nepřijal",
            Cause::Rejected => "odmítnuto",
            Cause::ElsewhereAnswered => "přijato jinde",
            Cause::NotFound => "číslo neexistuje",
            Cause::Unreachable => "žádný telefon není dostupný",
            Cause::Forbidden => "není dovoleno",
            Cause::NotAcceptable => "žádný společný kodek",
            Cause::Unprotected => "hlas není chráněn",
            Cause::BadNumber => "chybné číslo",
            Cause::Congestion => "přetížení",
            Cause::PeerLost => "protistrana se odmlčela",
            Cause::ProtocolError => "chyba protokolu",
            Cause::Removed => "odebráno z nastavení",
            Cause::Administrator => "ukončil správce",
            Cause::Moderator => "ukončil moderátor",
            Cause::Stopping => "zastavení ústředny",
            Cause::PowerLost => "výpadek napájení",
            Cause::Internal => "chyba ústředny",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Erased => "(vymazáno)",
            Label::NoNumber => "(nic nevoleno)",
            Label::Exchange => "ústředna",
            Label::EchoTest => "test ozvěny",
            Label::Outside => "veřejná síť",
            Label::ClockUnchecked => "hodiny nebyly ověřeny",
            Label::LeftOut => "další události:",
            Label::Media => "Zvuk",
            Label::PacketsIn => "pakety přijaté",
            Label::PacketsOut => "odeslané",
            Label::PacketsLost => "ztracené",
            Label::PacketsLate => "opožděné",
            Label::Jitter => "kolísání",
            Label::InProgress => "probíhá",
            Label::Answered => "přijato",
            Label::Time => "ČAS",
            Label::From => "OD",
            Label::To => "KOMU",
            Label::Result => "VÝSLEDEK",
            Label::Talk => "HOVOR",
            Label::Call => "SPOJENÍ",
        }
    }
}

/// The rules of conferences; the others are said above.
const fn conference(rule: Rule) -> &'static str {
    match rule {
        Rule::DialledConference => "je to číslo konference",
        Rule::ConferenceOpen => "konference nevyžaduje PIN",
        Rule::ConferencePin => "byl zadán PIN konference",
        Rule::ConferenceModeratorPin => "byl zadán PIN moderátora",
        Rule::ConferenceGreeting => "konference vítá každého, kdo vstupuje",
        Rule::ConferencePinWrong => "PIN byl třikrát chybný",
        Rule::ConferencePinMissing => "PIN nebyl včas zadán",
        Rule::ConferenceFull => "konference je plná",
        Rule::ConferenceLocked => "moderátor konferenci zamkl",
        Rule::ConferenceNoModerator => "není přítomen moderátor",
        Rule::ConferenceKeys => "byly stisknuty klávesy této funkce",
        Rule::ConferenceModerator => "rozhodl moderátor",
        _ => outside_line(rule),
    }
}

/// The rules of outside lines.
const fn outside_line(rule: Rule) -> &'static str {
    match rule {
        Rule::CallFromLine => "hovor přišel po státní lince",
        Rule::DialledOutside => "je to číslo veřejné sítě",
        Rule::DialledEmergency => "je to číslo tísňového volání",
        Rule::LineSeized => "obsadila se volná státní linka",
        Rule::LineNone => "žádná státní linka není volná",
        Rule::LineGlare => "v téže chvíli přišel na linku hovor",
        Rule::LineNoDialTone => "linka nedala oznamovací tón",
        Rule::LineDead => "linka je mrtvá",
        Rule::LineInUse => "na lince je paralelní přístroj",
        Rule::LineNobody => "nikdo není určen, aby linku bral",
        Rule::LineAbandoned => "linka přestala zvonit",
        Rule::LineLoopBreak => "smyčka linky se na chvíli přerušila",
        Rule::LineReversal => "polarita linky se změnila",
        Rule::LineTone => "linka dala tón zavěšení",
        Rule::LineDialTone => "linka dala oznamovací tón",
        Rule::LineSilence => "na lince dlouho nic nebylo slyšet",
        Rule::LineRefused => "operátor odmítl tónem",
        Rule::LineVoice => "na lince se ozval hlas",
        Rule::LineAnswerTimer => "linka chvíli ani nezvonila, ani neodmítla",
        Rule::LineOnward => "záznam linky předává volající dál",
        Rule::LineFlash => "někdo o něco požádal ústřednu této linky",
        Rule::LineAon => "ústředna linky sdělí volajícího jen tomu, kdo zvedne a zeptá se",
        Rule::LineAonSilent => "ústředna linky na dotazy nic nesdělila",
        Rule::LineBalanceHours => "v těchto hodinách se měří linky",
        Rule::LineBalanceAsked => "někdo chtěl linku změřit",
        Rule::LineBalanceFailed => "linka nedala oznamovací tón ani ticho",
        Rule::LifelineHours => "v těchto hodinách se zkoušejí záložní linky",
        Rule::LifelineAsked => "někdo chtěl záložní linku vyzkoušet",
        Rule::LifelineStuck => "relé záložní linky nepřepíná",
        Rule::LifelineCall => "hovor na záložní lince se při startu ústředny nepřeruší",
        Rule::EmergencyPreempts => "linku potřebovalo tísňové volání",
        Rule::ButtonHeld => "někdo podržel tlačítko obnovy",
        Rule::ClaimCode => "kdo zná kód pro převzetí, stane se správcem",
        of_set => set_rule(of_set),
    }
}

/// What happens at the ports of the board: to sets, and to outside lines.
const fn board_said(said: Said) -> &'static str {
    match said {
        Said::LegCallerIdSent => "Číslo volajícího předáno: {0}",
        Said::LegCallerIdCut => "Číslo volajícího nepředáno celé: {0}",
        Said::LegCallerIdUnanswered => "Přístroj nepřijímá číslo čekajícího: {0}",
        Said::LegCallerIdImpossible => "Číslo volajícího nelze předat: {0}",
        Said::LegMetered => "Tarifní impulsy: {0}, {1}",
        Said::PortFault => "Port {0} je mimo provoz",
        Said::PortBack => "Port {0} je znovu v provozu",
        Said::MessagesWaiting => "Čekající zprávy, {0}: {1}",
        Said::LampLit => "Kontrolka na {0} říká, že čekají zprávy",
        Said::LampOut => "Kontrolka na {0} zhasla",
        Said::PortTested => "Přístroj na {0} zvoní na zkoušku",
        Said::PortLocked => "Linka {0} je vypnutá",
        Said::PortFree => "Linka {0} opět funguje",
        Said::LineDead => "Linka na portu {0} je mrtvá",
        Said::LineAlive => "Linka na portu {0} znovu funguje",
        Said::LineInUse => "Paralelní přístroj obsadil linku na portu {0}",
        Said::LineFree => "Paralelní přístroj uvolnil linku na portu {0}",
        Said::LineHungUp => "Druhá strana linky na portu {0} zavěsila",
        Said::LineFalseHangUp => "Na lince portu {0} ještě někdo mluvil",
        Said::LineLearned => "Tón zavěšení linky na portu {0} se naučil",
        Said::LineUnlearned => "Tón na portu {0} už neplatí za zavěšení",
        Said::LineFlashed => "Do ústředny za portem {0} byl poslán flash",
        Said::LineLiftedToAsk => {
            "Port {0} zvedl linku, aby se zeptal, kdo volá: volající od této chvíle platí"
        }
        Said::LineToldCaller => "Ústředna za portem {0} sdělila, kdo volá",
        Said::LineCallerGone => "Volající na portu {0} zavěsil dřív, než se zjistilo, kdo to je",
        Said::LineToldNobody => "Ústředna za portem {0} nesdělila, kdo volá",
        Said::LineCannotAsk => "Port {0} se nemůže zeptat, kdo volá",
        Said::LifelineWorks => "Záložní linka na portu {0} funguje",
        Said::LifelineStaysOff => {
            "Záložní linka na portu {0} selhala: bez napájení by byl její přístroj hluchý"
        }
        Said::LifelineStaysOn => {
            "Záložní linka na portu {0} selhala: její přístroj zůstává na lince"
        }
        Said::LifelineUnseen => "Nelze zjistit, zda záložní linka na portu {0} funguje",
        Said::LifelineSetLeft => {
            "Linka na portu {0} je obsazená: přístroj záložní linky na ní zůstává, dokud se neuvolní"
        }
        Said::LifelineSetBack => "Přístroj záložní linky na portu {0} je zpět na svém portu",
        _ => "",
    }
}

/// Rules of analog sets and their ports.
const fn set_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::HotLine => "přístroj po zvednutí volá toto číslo",
        Rule::WarmLine => "nic jiného nebylo voleno, přístroj pak volá toto číslo",
        Rule::RingPort => "zvoní analogový přístroj",
        Rule::PortBusy => "sluchátko přístroje je zvednuté",
        Rule::PortFault => "port je mimo provoz",
        Rule::PortRingLoad => "zvoní tolik přístrojů, kolik zdroj vyzvánění unese",
        Rule::PortLeftOffHook => "sluchátko přístroje zůstalo zvednuté",
        Rule::PortHungUp => "sluchátko je opět zavěšené",
        Rule::CallerIdCountry => "tak se v této zemi předává číslo přístrojům",
        Rule::CallerIdChosen => "způsob předání čísla určuje záznam přístroje",
        Rule::CallerIdWaiting => "tak se předává číslo čekajícího přístroji v hovoru",
        Rule::MeteringInterval => "záznam přístroje žádá tarifní impulsy",
        Rule::MeteringUnable => "port takové tarifní impulsy neumí",
        Rule::MessagesSet => "řekl to ten, kdo zprávy uchovává",
        Rule::LampNeon => "port rozsvěcí doutnavku",
        Rule::LampData => "přístroj se to dozví daty",
        Rule::SetTested => "někdo si vyžádal zkoušku",
        Rule::CallWaiting => "přístroj má hovor a ohlašuje druhého volajícího",
        Rule::WaitingTaken => "přechod k volajícímu, který čekal",
        Rule::FlashEnquiry => "vidlice stisknuta kvůli dalšímu hovoru",
        Rule::FlashChoice => "vidlice stisknuta, číslice řekne proč",
        Rule::FlashReturn => "návrat k přidržené straně",
        Rule::FlashSwap => "přechod od jedné strany ke druhé",
        Rule::FlashTogether => "obě strany spojeny do jednoho hovoru",
        Rule::FlashDrop => "jedna ze dvou stran odpojena",
        Rule::TransferHungUp => "osoba mezi dvěma stranami zavěsila",
        Rule::TransferKeys => "osoba mezi dvěma stranami stiskla klávesy této funkce",
        Rule::HoldRecall => "zavěšeno, když byl někdo přidržen",
        Rule::HoldReturn => "druhá strana zavěsila",
        Rule::HoldForgotten => "k přidržené straně se nikdo nevrátil",
        _ => "",
    }
}
