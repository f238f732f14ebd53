//! A set dials: digit after digit until they are a number.

use model::{CallId, Digit, EventBody, LegId, Now, Party, Rule, limits};

use crate::{Directory, Effect, HotLine, Progress, Sound, Switch, call::Phase};

impl Switch {
    /// A set was lifted: it may dial, or calls whom it always calls.
    pub(crate) fn invite(
        &mut self,
        now: Now,
        (id, leg): (CallId, LegId),
        hot_line: Option<HotLine>,
        dir: &impl Directory,
    ) {
        match hot_line {
            Some(line) if line.after.is_zero() => {
                self.dialled(now, id, &line.number, Rule::HotLine, dir);
                return;
            }
            Some(line) => {
                let call = self.calls.get_mut(&id);
                if let Some(Phase::Dialling { deadline, warm, .. }) = call.map(|c| &mut c.phase) {
                    *deadline = now.mono + line.after;
                    *warm = Some(line.number);
                }
            }
            None => {}
        }
        self.tell.wish(Effect::Play(leg, Sound::Dial));
    }

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
        let Phase::Dialling {
            digits,
            deadline,
            warm,
        } = &mut call.phase
        else {
            return;
        };
        *warm = None;
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
        let to = self.tell.party(Party {
            number: digits.to_owned(),
            name: String::new(),
        });
        self.tell.call(id, rule, EventBody::Dialled { to });
        self.route(now, id, digits, None, dir);
    }
}
