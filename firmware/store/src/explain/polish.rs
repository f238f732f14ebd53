//! Polski.

use model::{Cause, Rule};

use super::{Label, Said, Words};

pub(super) struct Polish;

impl Words for Polish {
    fn units(&self) -> ([&'static str; 3], char) {
        (["godz.", "min", "s"], ',')
    }

    fn template(&self, said: Said) -> &'static str {
        match said {
            Said::Trying => "{0} dzwoni pod numer {1}.",
            Said::Talking => "{0} dzwoni pod numer {1}; rozmowa trwa.",
            Said::Talked => "{0} dzwoni pod numer {1}; rozmowa trwa {2}, rozłącza się {3}.",
            Said::TalkedUntil => {
                "{0} dzwoni pod numer {1}; rozmowa trwa {2}, powód zakończenia: {3}."
            }
            Said::Failed => "{0} dzwoni pod numer {1} bez odpowiedzi: {2}, po {3}.",
            Said::ExchangeStarted => "Centrala uruchomiona",
            Said::ExchangeStopping => "Centrala nie przyjmuje nowych połączeń",
            Said::ExchangeStopped => "Centrala zatrzymana",
            Said::ClockStepped => "Zegar przestawiony z {0} na {1}",
            Said::ClaimMade => {
                "Przy urządzeniu utworzono kod przejęcia: przez 30 minut można z nim zostać administratorem"
            }
            Said::ClaimUsed => "Ktoś został administratorem dzięki kodowi przejęcia",
            Said::ConfigApplied => "Obowiązuje wersja {0} konfiguracji",
            Said::Registered => "{0}: telefon zarejestrowany przez {1}, {2}",
            Said::Unregistered => "{0}: telefon wyrejestrowany",
            Said::UnregisteredFrom => "{0}: telefon wyrejestrowany ({1})",
            Said::CallStarted => "{0} dzwoni pod numer {1}",
            Said::Dialled => "Wybrany numer: {0}",
            Said::Routed => "Cel połączenia: {0}",
            Said::LegCalled => "Wywołanie: {0}{1}",
            Said::LegJoined => "Dołącza {0}{1}",
            Said::LegRang => "Dzwoni telefon: {0}",
            Said::LegWaits => "Telefon nie może jeszcze dzwonić: {0}",
            Said::LegEarlyMedia => "Dźwięk przed odebraniem: {0}",
            Said::LegAnswered => "Odbiera {0}{1}",
            Said::LegPutThrough => "Połączono: {0}{1}",
            Said::LegCodecChanged => "Zmiana kodeka na {1}: {0}",
            Said::LegSecured => "Głos jest chroniony (SRTP): {0}",
            Said::LegFax => "Słychać faks: {0}",
            Said::LegHeld => "Połączenie zawiesza {0}",
            Said::LegResumed => "Do rozmowy wraca {0}",
            Said::CallJoined => "Strony tego połączenia i połączenia {0} słyszą się nawzajem",
            Said::ConferenceJoined => "{0} wchodzi do konferencji",
            Said::ConferenceLed => "{0} wchodzi do konferencji jako moderator",
            Said::ConferenceRefused => "{0} nie wchodzi do konferencji",
            Said::ConferenceGreeted => "{0} słyszy powitanie konferencji",
            Said::ConferenceWaits => "{0} czeka na moderatora",
            Said::ConferenceLeft => "{0} opuszcza konferencję",
            Said::ConferenceMuted => "{0} jest w konferencji bez głosu",
            Said::ConferenceUnmuted => "{0} znów ma głos w konferencji",
            Said::ConferenceLocked => "{0} zamyka konferencję",
            Said::ConferenceUnlocked => "{0} znów otwiera konferencję",
            Said::LegEnded => "Odchodzi {0}: {1}{2}",
            Said::CallAnswered => "Początek rozmowy, odbiera {0}",
            Said::CallEnded => "Koniec połączenia po {0}: {1}",
            Said::LegQuality => "{0}: ocena {1}, utracono {2}%",
            Said::RecordingStarted => "Rozmowa jest nagrywana",
            Said::TrackStarted => "Głos: {0} jest nagrywany",
            Said::RecordingPaused => "Nagrywanie wstrzymane",
            Said::RecordingResumed => "Nagrywanie wznowione",
            Said::RecordingEnded => "Koniec nagrywania",
            Said::RecordingStored => "Nagranie zachowane, długość {0}",
            Said::RecordingLost => "Nie udało się zachować nagrania",
            Said::Erased => "Dane osoby usunięte",
            of_board => board_said(of_board),
        }
    }

    fn rule(&self, rule: Rule) -> &'static str {
        match rule {
            Rule::Operator => "decyzja operatora",
            Rule::ClockChanged => "zegar urządzenia przeskoczył",
            Rule::ConfigSaved => "zapisano konfigurację",
            Rule::RegisterAuthenticated => "rejestracja z dobrym hasłem",
            Rule::RegisterRemoved => "telefon się wyrejestrował",
            Rule::RegisterExpired => "telefon nie odnowił rejestracji na czas",
            Rule::RegisterFlowLost => "połączenie z telefonem zerwane",
            Rule::RegisterOwnerRemoved => "właściciela nie ma już w konfiguracji",
            Rule::CallFromPhone => "numer wybrał zarejestrowany telefon",
            Rule::CallFromPort => "podniesiono słuchawkę aparatu analogowego",
            Rule::DialledPerson => "to numer wewnętrzny osoby",
            Rule::DialledDevice => "to numer wewnętrzny telefonu bez właściciela",
            Rule::DialledAnalog => "to numer wewnętrzny aparatu analogowego",
            Rule::DialledEchoTest => "to kod testu echa",
            Rule::DialledLogin => "to login osoby",
            Rule::DialledUnknown => "nikt nie ma tego numeru",
            Rule::DialledTooMuch => "żaden numer nie zaczyna się od tych cyfr",
            Rule::DialTimeout => "nie wybrano kolejnej cyfry",
            Rule::DialledOneself => "numer dzwoni do siebie i nie ma innego telefonu",
            Rule::RingAllPhones => "wszystkie telefony osoby dzwonią naraz",
            Rule::RingNoPhone => "osoba nie ma zarejestrowanego telefonu",
            Rule::PhoneRang => "telefon zgłosił, że dzwoni",
            Rule::PhoneEarlyMedia => "telefon wcześniej przysłał dźwięk",
            Rule::PhoneAnswered => "ten telefon odebrał pierwszy",
            Rule::CallerConnected => "połączenie zostało odebrane",
            Rule::PhoneRefused => "telefon odmówił",
            Rule::PhoneSilent => "telefon w ogóle nie odpowiada",
            Rule::AnsweredElsewhere => "inny telefon odebrał pierwszy",
            Rule::RingTimeout => "minął czas dzwonienia",
            Rule::CallerGaveUp => "dzwoniący rozłączył się przed odebraniem",
            Rule::PartyHungUp => "jedna ze stron się rozłączyła",
            Rule::PartyHeld => "strona zawiesiła połączenie",
            Rule::PartyResumed => "strona wznowiła połączenie",
            Rule::SessionTimer => "telefon przestał potwierdzać połączenie",
            Rule::AckMissing => "telefon nie potwierdził odebrania",
            Rule::DialogLost => "sygnalizacja z telefonem się urwała",
            Rule::NoCommonCodec => "telefony nie mają wspólnego kodeka",
            Rule::NoCommonProtection => {
                "jedna strona wymaga ochrony głosu (SRTP), a druga jej nie ma"
            }
            Rule::MediaSecured => "nadeszły klucze głosu",
            Rule::MediaKeysLate => "klucze głosu nie nadeszły na czas",
            Rule::MediaKeysForged => "certyfikat nie jest tym, który zapowiedziano",
            Rule::MediaKeysFailed => "nie udało się uzgodnić kluczy głosu",
            Rule::MediaInClear => "druga strona wysłała głos bez ochrony",
            Rule::MediaPeerSilent => "od drugiej strony nic już nie przychodzi",
            Rule::MediaFax => "w dźwięku są tony faksu",
            Rule::NoMediaPorts => "brak wolnych portów dla dźwięku",
            Rule::Stopping => "centrala się zatrzymuje",
            Rule::PeerMisbehaved => "druga strona złamała protokół",
            Rule::PowerLost => "zanik zasilania, zauważony przy następnym starcie",
            Rule::RecordAll => "wszystkie rozmowy strony są nagrywane",
            Rule::RecordAsked => "ktoś o to poprosił",
            Rule::RecordOver => "ostatnia nagrywana strona odeszła",
            Rule::RecordKept => "nagrywarka skończyła",
            Rule::Periodic => "wartość okresowa",
            other => conference(other),
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Normal => "rozłączenie",
            Cause::Cancelled => "dzwoniący zrezygnował",
            Cause::Busy => "zajęte",
            Cause::NoAnswer => "nikt nie odebrał",
            Cause::Rejected => "odrzucone",
            Cause::ElsewhereAnswered => "odebrane gdzie indziej",
            Cause::NotFound => "nie ma takiego numeru",
            Cause::Unreachable => "żaden telefon nie jest dostępny",
            Cause::Forbidden => "brak uprawnień",
            Cause::NotAcceptable => "brak wspólnego kodeka",
            Cause::Unprotected => "głos bez ochrony",
            Cause::BadNumber => "błędny numer",
            Cause::Congestion => "przeciążenie",
            Cause::PeerLost => "druga strona zamilkła",
            Cause::ProtocolError => "błąd protokołu",
            Cause::Removed => "usunięte z konfiguracji",
            Cause::Administrator => "zakończone przez administratora",
            Cause::Moderator => "zakończone przez moderatora",
            Cause::Stopping => "zatrzymanie centrali",
            Cause::PowerLost => "zanik zasilania",
            Cause::Internal => "błąd centrali",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Erased => "(usunięto)",
            Label::NoNumber => "(nic nie wybrano)",
            Label::Exchange => "centrala",
            Label::EchoTest => "test echa",
            Label::Outside => "sieć publiczna",
            Label::ClockUnchecked => "zegar nie był sprawdzony",
            Label::LeftOut => "dalsze zdarzenia:",
            Label::Media => "Dźwięk",
            Label::PacketsIn => "pakiety odebrane",
            Label::PacketsOut => "wysłane",
            Label::PacketsLost => "zgubione",
            Label::PacketsLate => "spóźnione",
            Label::Jitter => "wahania",
            Label::InProgress => "trwa",
            Label::Answered => "odebrane",
            Label::Time => "CZAS",
            Label::From => "OD",
            Label::To => "DO",
            Label::Result => "WYNIK",
            Label::Talk => "ROZMOWA",
            Label::Call => "POŁĄCZENIE",
        }
    }
}

/// The rules of conferences; the others are said above.
const fn conference(rule: Rule) -> &'static str {
    match rule {
        Rule::DialledConference => "to numer konferencji",
        Rule::ConferenceOpen => "konferencja nie wymaga PIN-u",
        Rule::ConferencePin => "wybrano PIN konferencji",
        Rule::ConferenceModeratorPin => "wybrano PIN moderatora",
        Rule::ConferenceGreeting => "konferencja wita każdego, kto wchodzi",
        Rule::ConferencePinWrong => "trzy razy błędny PIN",
        Rule::ConferencePinMissing => "nie wybrano PIN-u na czas",
        Rule::ConferenceFull => "konferencja jest pełna",
        Rule::ConferenceLocked => "moderator zamknął konferencję",
        Rule::ConferenceNoModerator => "nie ma moderatora",
        Rule::ConferenceKeys => "naciśnięto klawisze tej funkcji",
        Rule::ConferenceModerator => "decyzja moderatora",
        _ => outside_line(rule),
    }
}

/// The rules of outside lines.
const fn outside_line(rule: Rule) -> &'static str {
    match rule {
        Rule::CallFromLine => "połączenie przyszło linią miejską",
        Rule::DialledOutside => "to numer sieci publicznej",
        Rule::DialledEmergency => "to numer alarmowy",
        Rule::LineSeized => "zajęto wolną linię miejską",
        Rule::LineNone => "żadna linia miejska nie jest wolna",
        Rule::LineGlare => "w tej samej chwili na linię przyszło połączenie",
        Rule::LineNoDialTone => "linia nie dała sygnału zgłoszenia",
        Rule::LineDead => "linia jest martwa",
        Rule::LineInUse => "na linii jest aparat równoległy",
        Rule::LineNobody => "nikogo nie wskazano do odbierania tej linii",
        Rule::LineAbandoned => "linia przestała dzwonić",
        Rule::LineLoopBreak => "pętla linii na chwilę się rozwarła",
        Rule::LineReversal => "biegunowość linii się zmieniła",
        Rule::LineTone => "linia dała sygnał rozłączenia",
        Rule::LineDialTone => "linia dała sygnał zgłoszenia",
        Rule::LineSilence => "długo nic nie było słychać na linii",
        Rule::LineRefused => "operator odmówił sygnałem",
        Rule::LineVoice => "na linii odezwał się głos",
        Rule::LineAnswerTimer => "linia przez chwilę ani nie dzwoniła, ani nie odmówiła",
        Rule::LineOnward => "wpis linii przekazuje dzwoniących dalej",
        Rule::LineFlash => "ktoś poprosił o coś centralę tej linii",
        Rule::LineAon => "centrala tej linii podaje dzwoniącego tylko temu, kto odbierze i zapyta",
        Rule::LineAonSilent => "centrala linii nic nie podała mimo pytań",
        Rule::LineBalanceHours => "w tych godzinach mierzy się linie",
        Rule::LineBalanceAsked => "ktoś zlecił pomiar linii",
        Rule::LineBalanceFailed => "linia nie dała sygnału zgłoszenia ani ciszy",
        Rule::LifelineHours => "w tych godzinach sprawdza się linie ratunkowe",
        Rule::LifelineAsked => "ktoś zlecił sprawdzenie linii ratunkowej",
        Rule::LifelineStuck => "przekaźnik linii ratunkowej nie przełącza",
        Rule::LifelineCall => {
            "połączenia na linii ratunkowej nie przerywa się przy starcie centrali"
        }
        Rule::EmergencyPreempts => "linia była potrzebna dla połączenia alarmowego",
        Rule::ButtonHeld => "przytrzymano przycisk odzyskiwania",
        Rule::ClaimCode => "kto zna kod przejęcia, zostaje administratorem",
        of_set => set_rule(of_set),
    }
}

/// What happens at the ports of the board: to sets, and to outside lines.
const fn board_said(said: Said) -> &'static str {
    match said {
        Said::LegCallerIdSent => "Numer dzwoniącego przekazany: {0}",
        Said::LegCallerIdCut => "Numer dzwoniącego przekazany nie do końca: {0}",
        Said::LegCallerIdUnanswered => "Aparat nie przyjmuje numeru czekającego: {0}",
        Said::LegCallerIdImpossible => "Nie można przekazać numeru dzwoniącego: {0}",
        Said::LegMetered => "Impulsy zaliczające: {0}, {1}",
        Said::PortFault => "Port {0} nie działa",
        Said::PortBack => "Port {0} znów działa",
        Said::MessagesWaiting => "Czekające wiadomości, {0}: {1}",
        Said::LampLit => "Lampka na {0} mówi, że czekają wiadomości",
        Said::LampOut => "Lampka na {0} zgasła",
        Said::PortTested => "Aparat na {0} dzwoni na próbę",
        Said::PortLocked => "Linia {0} jest wyłączona",
        Said::PortFree => "Linia {0} znów działa",
        Said::LineDead => "Linia na porcie {0} jest martwa",
        Said::LineAlive => "Linia na porcie {0} znów działa",
        Said::LineInUse => "Aparat równoległy zajął linię na porcie {0}",
        Said::LineFree => "Aparat równoległy zwolnił linię na porcie {0}",
        Said::LineHungUp => "Druga strona linii na porcie {0} odłożyła słuchawkę",
        Said::LineFalseHangUp => "Na linii portu {0} ktoś jeszcze mówił",
        Said::LineLearned => "Poznano sygnał rozłączenia linii na porcie {0}",
        Said::LineUnlearned => "Sygnał na porcie {0} uznano za niebędący rozłączeniem",
        Said::LineFlashed => "Wysłano flash do centrali za portem {0}",
        Said::LineLiftedToAsk => {
            "Port {0} odebrał linię, by zapytać, kto dzwoni: dzwoniący odtąd płaci"
        }
        Said::LineToldCaller => "Centrala za portem {0} podała, kto dzwoni",
        Said::LineCallerGone => "Dzwoniący na porcie {0} rozłączył się, zanim podano, kto to",
        Said::LineToldNobody => "Centrala za portem {0} nie podała, kto dzwoni",
        Said::LineCannotAsk => "Port {0} nie może zapytać, kto dzwoni",
        Said::LifelineWorks => "Linia ratunkowa przy porcie {0} działa",
        Said::LifelineStaysOff => {
            "Linia ratunkowa przy porcie {0} zawodzi: bez zasilania jej aparat byłby głuchy"
        }
        Said::LifelineStaysOn => {
            "Linia ratunkowa przy porcie {0} zawodzi: jej aparat pozostaje na linii"
        }
        Said::LifelineUnseen => "Nie da się stwierdzić, czy linia ratunkowa przy porcie {0} działa",
        Said::LifelineSetLeft => {
            "Linia na porcie {0} jest zajęta: aparat linii ratunkowej pozostaje na niej, aż się zwolni"
        }
        Said::LifelineSetBack => "Aparat linii ratunkowej przy porcie {0} wrócił na swój port",
        _ => "",
    }
}

/// Rules of analog sets and their ports.
const fn set_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::HotLine => "aparat dzwoni pod ten numer po podniesieniu słuchawki",
        Rule::WarmLine => "nic innego nie wybrano, aparat dzwoni wtedy pod ten numer",
        Rule::RingPort => "dzwoni aparat analogowy",
        Rule::PortBusy => "słuchawka aparatu jest podniesiona",
        Rule::PortFault => "port nie działa",
        Rule::PortRingLoad => "dzwoni już tyle aparatów, ile zniesie zasilacz dzwonków",
        Rule::PortLeftOffHook => "aparat pozostawiono z podniesioną słuchawką",
        Rule::PortHungUp => "odłożono słuchawkę",
        Rule::CallerIdCountry => "tak przekazuje się numer aparatom w tym kraju",
        Rule::CallerIdChosen => "sposób przekazania numeru podaje wpis aparatu",
        Rule::CallerIdWaiting => "tak przekazuje się numer czekającego aparatowi w rozmowie",
        Rule::MeteringInterval => "wpis aparatu wymaga impulsów zaliczających",
        Rule::MeteringUnable => "port nie może wysyłać takich impulsów zaliczających",
        Rule::MessagesSet => "podał to ten, kto przechowuje wiadomości",
        Rule::LampNeon => "port zapala lampkę neonową",
        Rule::LampData => "aparat dowiaduje się z danych",
        Rule::SetTested => "ktoś poprosił o próbę",
        Rule::CallWaiting => "aparat jest zajęty rozmową i sygnalizuje drugiego dzwoniącego",
        Rule::WaitingTaken => "przejście do dzwoniącego, który czekał",
        Rule::FlashEnquiry => "naciśnięto widełki, by zadzwonić do kogoś jeszcze",
        Rule::FlashChoice => "naciśnięto widełki, cyfra powie po co",
        Rule::FlashReturn => "powrót do strony na zawieszeniu",
        Rule::FlashSwap => "przejście od jednej strony do drugiej",
        Rule::FlashTogether => "połączono obie strony w jedną rozmowę",
        Rule::FlashDrop => "rozłączono jedną z dwóch stron",
        Rule::TransferHungUp => "osoba między dwiema stronami odłożyła słuchawkę",
        Rule::TransferKeys => "osoba między dwiema stronami nacisnęła klawisze tej funkcji",
        Rule::HoldRecall => "odłożono słuchawkę, gdy ktoś był zawieszony",
        Rule::HoldReturn => "druga strona się rozłączyła",
        Rule::HoldForgotten => "nikt nie wrócił do zawieszonej strony",
        _ => "",
    }
}
