//! A set dials: digit after digit until they are a number.

use model::{CallId, Digit, EventBody, LegId, Now, Party, Rule, limits};

use crate::{Directory, Effect, Progress, Sound, Switch, call::Phase};

impl Switch {
    /// A set pressed a key: only dialling uses it so far.
    pub(crate) fn digit(
        &mut self,
        now: Now,
        id: CallId,
        leg: LegId,
        digit: Digit,
        dir: &impl Directory,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Dialling { digits, deadline } = &mut call.phase else {
            return;
        };
        if digits.is_empty() {
            self.tell.wish(Effect::Play(leg, Sound::Silence));
        }
        digits.push(digit.to_char());
        *deadline = now.mono + self.timers.digit;
        let digits = digits.clone();
        match dir.progress(&digits) {
            Progress::Complete => {
                self.dialled(now, id, &digits, Rule::CallFromPort, dir);
            }
            Progress::Hopeless => self.dialled(now, id, &digits, Rule::DialledTooMuch, dir),
            Progress::Ambiguous | Progress::Partial if digits.len() >= limits::NUMBER_LEN_MAX => {
                self.dialled(now, id, &digits, Rule::DialledTooMuch, dir);
            }
            Progress::Ambiguous | Progress::Partial => {}
        }
    }

    /// A set finished dialling.
    pub(crate) fn dialled(
        &mut self,
        now: Now,
        id: CallId,
        digits: &str,
        rule: Rule,
        dir: &impl Directory,
    ) {
        let Some(caller) = self.calls.get(&id).map(|call| call.caller) else {
            return;
        };
        let to = self.tell.party(Party {
            number: digits.to_owned(),
            name: String::new(),
        });
        self.tell.call(id, rule, EventBody::Dialled { to });
        self.tell.wish(Effect::DiallingDone(caller));
        self.route(now, id, digits, None, dir);
    }
}
