//! The digit after the hook (the R key of European sets): 0 refuses or releases the other, 1 ends this call
//! and takes the other, 2 goes to the other, 3 joins both, 4 connects them and leaves.

use model::{Cause, Digit, LegId, Now, PortId, Rule};

use super::{Aside, Mode};
use crate::{Directory, Effect, Switch};

impl Switch {
    /// A digit of a person who pressed the hook between two parties.
    pub(crate) fn chosen(&mut self, now: Now, leg: LegId, digit: Digit, dir: &impl Directory) {
        let Some(port) = self.sets.port_of(leg) else {
            return;
        };
        let Some(desk) = self.sets.desks.get_mut(&port) else {
            return;
        };
        desk.mode = Mode::Plain;
        let (Some(active), Some((other, aside))) = (desk.active, desk.aside) else {
            return;
        };
        let transfers = dir.set_rules(&desk.owner).transfer;
        let both = self.partner_of(active).is_some() && self.partner_of(other).is_some();
        match (digit.to_char(), aside) {
            ('0', Aside::Waiting) => {
                self.back_to(active, Rule::FlashReturn);
                if let Some(call) = self.call_of(other) {
                    self.refused(now, call, other, Cause::Busy, None);
                }
            }
            ('0', _) => {
                self.back_to(active, Rule::FlashReturn);
                self.drop_party(now, other);
            }
            ('1', Aside::Waiting) => {
                self.detach(port);
                self.drop_party(now, active);
                self.take(now, port, other);
            }
            ('1', _) => {
                self.detach(port);
                self.drop_party(now, active);
                self.return_to(port, other);
            }
            ('2', Aside::Waiting) => self.take(now, port, other),
            ('2', Aside::Held) => self.swap_held(port, active, other),
            ('2', Aside::Together) => self.split(port, active, other),
            ('3', Aside::Held) if both => self.unite(port),
            ('4', Aside::Held | Aside::Together) if transfers && both => {
                self.transfer(now, other, active, Rule::TransferKeys);
            }
            _ => self.back_to(active, Rule::FlashReturn),
        }
    }

    /// The active party is held already, for the hook was pressed.
    fn swap_held(&mut self, port: PortId, active: LegId, held: LegId) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.aside = Some((active, Aside::Held));
            desk.active = Some(held);
        }
        self.back_to(held, Rule::FlashSwap);
    }

    /// Of two parties at once one is heard alone and the other held.
    fn split(&mut self, port: PortId, active: LegId, other: LegId) {
        if let Some(desk) = self.sets.desks.get_mut(&port) {
            desk.aside = Some((other, Aside::Held));
        }
        self.tell.wish(Effect::Attend { leg: active, port });
        for leg in [active, other] {
            if let Some(partner) = self.partner_of(leg) {
                self.tell.wish(Effect::Connect(leg, partner));
            }
        }
        self.put_aside(other, Rule::FlashSwap);
        self.back_to(active, Rule::FlashSwap);
    }
}
