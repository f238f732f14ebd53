//! Русский.

use model::{Cause, Rule};

use super::{Label, Said, Words};

pub(super) struct Russian;

impl Words for Russian {
    fn units(&self) -> ([&'static str; 3], char) {
        (["ч", "мин", "с"], ',')
    }

    fn template(&self, said: Said) -> &'static str {
        match said {
            Said::Trying => "{0} звонит на номер {1}.",
            Said::Talking => "{0} звонит на номер {1}; идёт разговор.",
            Said::Talked => "{0} звонит на номер {1}; разговор длится {2}, трубку кладёт {3}.",
            Said::TalkedUntil => {
                "{0} звонит на номер {1}; разговор длится {2}, причина конца: {3}."
            }
            Said::Failed => "{0} звонит на номер {1} без ответа: {2}, через {3}.",
            Said::ExchangeStarted => "Станция запущена",
            Said::ExchangeStopping => "Станция не принимает новых звонков",
            Said::ExchangeStopped => "Станция остановлена",
            Said::ClockStepped => "Часы переведены с {0} на {1}",
            Said::ClaimMade => {
                "У устройства создан код владельца: 30 минут по нему можно стать администратором"
            }
            Said::ClaimUsed => "Кто-то стал администратором по коду владельца",
            Said::ConfigApplied => "Действует версия настроек {0}",
            Said::Registered => "{0}: телефон зарегистрирован по {1}, {2}",
            Said::Unregistered => "{0}: телефон отключён",
            Said::UnregisteredFrom => "{0}: телефон отключён ({1})",
            Said::CallStarted => "{0} звонит на номер {1}",
            Said::Dialled => "Набранный номер: {0}",
            Said::Routed => "Куда идёт звонок: {0}",
            Said::LegCalled => "Вызов: {0}{1}",
            Said::LegJoined => "На линии {0}{1}",
            Said::LegRang => "Звонит телефон: {0}",
            Said::LegWaits => "Телефон пока не может звонить: {0}",
            Said::LegEarlyMedia => "Звук до ответа: {0}",
            Said::LegAnswered => "Отвечает {0}{1}",
            Said::LegPutThrough => "Соединение установлено: {0}{1}",
            Said::LegCodecChanged => "Смена кодека на {1}: {0}",
            Said::LegSecured => "Голос защищён (SRTP): {0}",
            Said::LegFax => "Слышен факс: {0}",
            Said::LegHeld => "На удержание ставит {0}",
            Said::LegResumed => "К разговору возвращается {0}",
            Said::CallJoined => "Стороны этого звонка и звонка {0} слышат друг друга",
            Said::ConferenceJoined => "{0} входит в конференцию",
            Said::ConferenceLed => "{0} входит в конференцию как модератор",
            Said::ConferenceRefused => "{0} не входит в конференцию",
            Said::ConferenceGreeted => "{0} слышит приветствие конференции",
            Said::ConferenceWaits => "{0} ждёт модератора",
            Said::ConferenceLeft => "{0} выходит из конференции",
            Said::ConferenceMuted => "{0} в конференции без звука",
            Said::ConferenceUnmuted => "{0} снова слышно в конференции",
            Said::ConferenceLocked => "{0} закрывает конференцию",
            Said::ConferenceUnlocked => "{0} снова открывает конференцию",
            Said::LegEnded => "Уходит {0}: {1}{2}",
            Said::CallAnswered => "Начало разговора, отвечает {0}",
            Said::CallEnded => "Конец звонка через {0}: {1}",
            Said::LegQuality => "{0}: оценка {1}, потеряно {2} %",
            Said::RecordingStarted => "Разговор записывается",
            Said::TrackStarted => "Голос: {0} записывается",
            Said::RecordingPaused => "Запись приостановлена",
            Said::RecordingResumed => "Запись продолжается",
            Said::RecordingEnded => "Запись окончена",
            Said::RecordingStored => "Запись сохранена, длительность {0}",
            Said::RecordingLost => "Запись не удалось сохранить",
            Said::Erased => "Данные человека удалены",
            of_board => board_said(of_board),
        }
    }

    fn rule(&self, rule: Rule) -> &'static str {
        match rule {
            Rule::Operator => "решение оператора",
            Rule::ClockChanged => "часы устройства сдвинулись",
            Rule::ConfigSaved => "настройки сохранены",
            Rule::RegisterAuthenticated => "регистрация с верным паролем",
            Rule::RegisterRemoved => "телефон снял регистрацию",
            Rule::RegisterExpired => "телефон вовремя не продлил регистрацию",
            Rule::RegisterFlowLost => "соединение с телефоном оборвалось",
            Rule::RegisterOwnerRemoved => "владельца больше нет в настройках",
            Rule::CallFromPhone => "номер набрал зарегистрированный телефон",
            Rule::CallFromPort => "снята трубка аналогового аппарата",
            Rule::DialledPerson => "это внутренний номер человека",
            Rule::DialledDevice => "это внутренний номер телефона без владельца",
            Rule::DialledAnalog => "это внутренний номер аналогового аппарата",
            Rule::DialledEchoTest => "это код проверки эхом",
            Rule::DialledLogin => "это имя входа человека",
            Rule::DialledUnknown => "такого номера ни у кого нет",
            Rule::DialledTooMuch => "ни один номер так не начинается",
            Rule::DialTimeout => "следующая цифра не пришла",
            Rule::DialledOneself => "номер звонит сам себе, другого телефона у него нет",
            Rule::RingAllPhones => "звонят сразу все телефоны человека",
            Rule::RingNoPhone => "у человека нет зарегистрированного телефона",
            Rule::PhoneRang => "телефон сообщил, что звонит",
            Rule::PhoneEarlyMedia => "телефон прислал звук заранее",
            Rule::PhoneAnswered => "этот телефон ответил первым",
            Rule::CallerConnected => "на вызов ответили",
            Rule::PhoneRefused => "телефон отказал",
            Rule::PhoneSilent => "телефон совсем не отвечает",
            Rule::AnsweredElsewhere => "другой телефон ответил первым",
            Rule::RingTimeout => "время звонка вышло",
            Rule::CallerGaveUp => "звонящий положил трубку до ответа",
            Rule::PartyHungUp => "одна из сторон положила трубку",
            Rule::PartyHeld => "сторона включила удержание",
            Rule::PartyResumed => "сторона сняла удержание",
            Rule::SessionTimer => "телефон перестал подтверждать разговор",
            Rule::AckMissing => "телефон не подтвердил ответ",
            Rule::DialogLost => "сигнализация с телефоном оборвалась",
            Rule::NoCommonCodec => "у телефонов нет общего кодека",
            Rule::NoCommonProtection => {
                "одна сторона требует защиты голоса (SRTP), а у другой её нет"
            }
            Rule::MediaSecured => "ключи голоса получены",
            Rule::MediaKeysLate => "ключи голоса не пришли вовремя",
            Rule::MediaKeysForged => "сертификат не тот, который был объявлен",
            Rule::MediaKeysFailed => "не удалось согласовать ключи голоса",
            Rule::MediaInClear => "другая сторона передала голос без защиты",
            Rule::MediaPeerSilent => "от другой стороны больше ничего не приходит",
            Rule::MediaFax => "в звуке есть тоны факса",
            Rule::NoMediaPorts => "нет свободных портов для звука",
            Rule::Stopping => "станция останавливается",
            Rule::PeerMisbehaved => "другая сторона нарушила протокол",
            Rule::PowerLost => "сбой питания, замечен при следующем запуске",
            Rule::RecordAll => "все разговоры стороны записываются",
            Rule::RecordAsked => "об этом попросили",
            Rule::RecordOver => "последняя записываемая сторона ушла",
            Rule::RecordKept => "запись обработана",
            Rule::Periodic => "периодический показатель",
            other => conference(other),
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Normal => "трубка положена",
            Cause::Cancelled => "звонящий передумал",
            Cause::Busy => "занято",
            Cause::NoAnswer => "никто не ответил",
            Cause::Rejected => "отклонено",
            Cause::ElsewhereAnswered => "ответили на другом телефоне",
            Cause::NotFound => "такого номера нет",
            Cause::Unreachable => "нет доступного телефона",
            Cause::Forbidden => "не разрешено",
            Cause::NotAcceptable => "нет общего кодека",
            Cause::Unprotected => "голос не защищён",
            Cause::BadNumber => "неверный номер",
            Cause::Congestion => "перегрузка",
            Cause::PeerLost => "другая сторона замолчала",
            Cause::ProtocolError => "ошибка протокола",
            Cause::Removed => "удалено из настроек",
            Cause::Administrator => "завершено администратором",
            Cause::Moderator => "завершено модератором",
            Cause::Stopping => "остановка станции",
            Cause::PowerLost => "сбой питания",
            Cause::Internal => "ошибка станции",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Erased => "(удалено)",
            Label::NoNumber => "(ничего не набрано)",
            Label::Exchange => "станция",
            Label::EchoTest => "проверка эхом",
            Label::Outside => "городская сеть",
            Label::ClockUnchecked => "часы не были проверены",
            Label::LeftOut => "следующих событий:",
            Label::Media => "Звук",
            Label::PacketsIn => "пакетов принято",
            Label::PacketsOut => "послано",
            Label::PacketsLost => "потеряно",
            Label::PacketsLate => "опоздало",
            Label::Jitter => "дрожание",
            Label::InProgress => "идёт",
            Label::Answered => "отвечен",
            Label::Time => "ВРЕМЯ",
            Label::From => "ОТ",
            Label::To => "КОМУ",
            Label::Result => "ИТОГ",
            Label::Talk => "РАЗГОВОР",
            Label::Call => "ЗВОНОК",
        }
    }
}

/// The rules of conferences; the others are said above.
const fn conference(rule: Rule) -> &'static str {
    match rule {
        Rule::DialledConference => "это номер конференции",
        Rule::ConferenceOpen => "конференция не требует PIN-кода",
        Rule::ConferencePin => "набран PIN-код конференции",
        Rule::ConferenceModeratorPin => "набран PIN-код модератора",
        Rule::ConferenceGreeting => "конференция приветствует всех, кто входит",
        Rule::ConferencePinWrong => "PIN-код трижды набран неверно",
        Rule::ConferencePinMissing => "PIN-код не набран вовремя",
        Rule::ConferenceFull => "конференция заполнена",
        Rule::ConferenceLocked => "модератор закрыл конференцию",
        Rule::ConferenceNoModerator => "нет модератора",
        Rule::ConferenceKeys => "нажаты клавиши этой функции",
        Rule::ConferenceModerator => "так решает модератор",
        _ => outside_line(rule),
    }
}

/// The rules of outside lines.
const fn outside_line(rule: Rule) -> &'static str {
    match rule {
        Rule::CallFromLine => "звонок пришёл по городской линии",
        Rule::DialledOutside => "это номер городской сети",
        Rule::DialledEmergency => "это номер экстренной службы",
        Rule::LineSeized => "занята свободная городская линия",
        Rule::LineNone => "нет свободной городской линии",
        Rule::LineGlare => "в тот же миг на линию пришёл звонок",
        Rule::LineNoDialTone => "линия не дала гудка",
        Rule::LineDead => "линия мертва",
        Rule::LineInUse => "на линии параллельный аппарат",
        Rule::LineNobody => "никто не назначен отвечать на линии",
        Rule::LineAbandoned => "линия перестала звонить",
        Rule::LineLoopBreak => "шлейф линии на миг разомкнулся",
        Rule::LineReversal => "полярность линии сменилась",
        Rule::LineTone => "линия дала сигнал отбоя",
        Rule::LineDialTone => "линия дала гудок станции",
        Rule::LineSilence => "на линии долго ничего не было слышно",
        Rule::LineRefused => "оператор отказал сигналом",
        Rule::LineVoice => "на линии раздался голос",
        Rule::LineAnswerTimer => "линия какое-то время не звонила и не отказывала",
        Rule::LineOnward => "запись линии переводит звонящих дальше",
        Rule::LineFlash => "кто-то обратился к станции этой линии",
        Rule::LineAon => {
            "станция линии сообщает номер только тому, кто снял трубку и запросил его (АОН)"
        }
        Rule::LineAonSilent => "станция линии не ответила на запросы АОН",
        Rule::LineBalanceHours => "в эти часы измеряют линии",
        Rule::LineBalanceAsked => "кто-то велел измерить линию",
        Rule::LineBalanceFailed => "линия не дала ни гудка, ни тишины",
        Rule::LifelineHours => "в эти часы проверяют аварийные линии",
        Rule::LifelineAsked => "кто-то велел проверить аварийную линию",
        Rule::LifelineStuck => "реле аварийной линии не переключается",
        Rule::LifelineCall => "разговор на аварийной линии при запуске станции не прерывают",
        Rule::EmergencyPreempts => "линия понадобилась для экстренного вызова",
        Rule::ButtonHeld => "удержали кнопку восстановления",
        Rule::ClaimCode => "кто знает код владельца, становится администратором",
        of_set => set_rule(of_set),
    }
}

/// What happens at the ports of the board: to sets, and to outside lines.
const fn board_said(said: Said) -> &'static str {
    match said {
        Said::LegCallerIdSent => "Номер звонящего передан: {0}",
        Said::LegCallerIdCut => "Номер звонящего передан не полностью: {0}",
        Said::LegCallerIdUnanswered => "Аппарат не принимает номер ожидающего: {0}",
        Said::LegCallerIdImpossible => "Номер звонящего передать нельзя: {0}",
        Said::LegMetered => "Тарифные импульсы: {0}, {1}",
        Said::PortFault => "Порт {0} не работает",
        Said::PortBack => "Порт {0} снова работает",
        Said::MessagesWaiting => "Ждут сообщения, {0}: {1}",
        Said::LampLit => "Лампа на {0} говорит, что ждут сообщения",
        Said::LampOut => "Лампа на {0} погасла",
        Said::PortTested => "Аппарат на {0} звонит для проверки",
        Said::PortLocked => "Линия {0} отключена",
        Said::PortFree => "Линия {0} снова работает",
        Said::LineDead => "Линия на порту {0} мертва",
        Said::LineAlive => "Линия на порту {0} снова работает",
        Said::LineInUse => "Параллельный аппарат занял линию на порту {0}",
        Said::LineFree => "Параллельный аппарат освободил линию на порту {0}",
        Said::LineHungUp => "Собеседник на линии порта {0} положил трубку",
        Said::LineFalseHangUp => "На линии порта {0} ещё кто-то говорил",
        Said::LineLearned => "Сигнал отбоя линии на порту {0} изучен",
        Said::LineUnlearned => "Сигнал на порту {0} больше не считается отбоем",
        Said::LineFlashed => "На станцию за портом {0} отправлен флэш",
        Said::LineLiftedToAsk => {
            "Порт {0} занял линию, чтобы запросить номер: с этого момента звонящий платит"
        }
        Said::LineToldCaller => "Станция за портом {0} сообщила номер звонящего",
        Said::LineCallerGone => "Звонящий на порт {0} положил трубку раньше, чем определился номер",
        Said::LineToldNobody => "Станция за портом {0} не сообщила номер звонящего",
        Said::LineCannotAsk => "Порт {0} не может запросить номер звонящего",
        Said::LifelineWorks => "Аварийная линия на порту {0} работает",
        Said::LifelineStaysOff => {
            "Аварийная линия на порту {0} неисправна: без питания её аппарат был бы мёртв"
        }
        Said::LifelineStaysOn => {
            "Аварийная линия на порту {0} неисправна: её аппарат остаётся на линии"
        }
        Said::LifelineUnseen => "Нельзя сказать, работает ли аварийная линия на порту {0}",
        Said::LifelineSetLeft => {
            "Линия на порту {0} занята: аппарат аварийной линии остаётся на ней, пока она не освободится"
        }
        Said::LifelineSetBack => "Аппарат аварийной линии на порту {0} снова на своём порту",
        _ => "",
    }
}

/// Rules of analog sets and their ports.
const fn set_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::HotLine => "аппарат звонит на этот номер, как только снята трубка",
        Rule::WarmLine => "другого номера не набрали, и аппарат звонит на этот",
        Rule::RingPort => "звонит аналоговый аппарат",
        Rule::PortBusy => "трубка аппарата снята",
        Rule::PortFault => "порт не работает",
        Rule::PortRingLoad => "звонит столько аппаратов, сколько выдерживает источник вызова",
        Rule::PortLeftOffHook => "трубку аппарата оставили снятой",
        Rule::PortHungUp => "трубка снова положена",
        Rule::CallerIdCountry => "так в этой стране передают номер аппаратам",
        Rule::CallerIdChosen => "способ передачи номера указан в записи аппарата",
        Rule::CallerIdWaiting => "так номер ожидающего передают аппарату во время разговора",
        Rule::MeteringInterval => "запись аппарата требует тарифных импульсов",
        Rule::MeteringUnable => "порт не может посылать такие тарифные импульсы",
        Rule::MessagesSet => "так сказал тот, кто хранит сообщения",
        Rule::LampNeon => "порт зажигает неоновую лампу",
        Rule::LampData => "аппарату сообщают данными",
        Rule::SetTested => "кто-то попросил о проверке",
        Rule::CallWaiting => "аппарат занят разговором и сообщает о втором звонящем",
        Rule::WaitingTaken => "переход к звонящему, который ждал",
        Rule::FlashEnquiry => "рычаг нажат, чтобы позвонить кому-то ещё",
        Rule::FlashChoice => "рычаг нажат, цифра скажет зачем",
        Rule::FlashReturn => "возврат к удержанной стороне",
        Rule::FlashSwap => "переход от одной стороны к другой",
        Rule::FlashTogether => "обе стороны соединены в один разговор",
        Rule::FlashDrop => "одна из двух сторон отключена",
        Rule::TransferHungUp => "тот, кто был между двумя сторонами, положил трубку",
        Rule::TransferKeys => "тот, кто был между двумя сторонами, нажал клавиши этой функции",
        Rule::HoldRecall => "трубку положили, пока кого-то держали",
        Rule::HoldReturn => "другая сторона положила трубку",
        Rule::HoldForgotten => "к удержанной стороне никто не вернулся",
        _ => "",
    }
}
