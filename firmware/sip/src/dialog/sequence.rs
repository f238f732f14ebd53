//! CSeq numbers of a dialog: RFC 3261 §12.2.

/// The last numbers used in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    local: u32,
    remote: Option<u32>,
}

/// How a request of the peer stands to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Newer than all before; gaps are allowed (§12.2.2).
    InOrder,
    /// Older, or as old as the last: answer 500 (§12.2.2).
    Stale,
}

impl Sequence {
    /// We sent the first request with `cseq`; the peer has sent none.
    pub(crate) const fn at_caller(cseq: u32) -> Self {
        Self {
            local: cseq,
            remote: None,
        }
    }

    /// The peer sent the first request with `remote`; ours will follow `local`.
    pub(crate) const fn at_called(local: u32, remote: u32) -> Self {
        Self {
            local,
            remote: Some(remote),
        }
    }

    /// The number for our next request.
    pub(crate) const fn next_local(&mut self) -> u32 {
        // §8.1.1.5: below 2³¹. A dialog would need centuries to get there from our start values.
        self.local = self.local.saturating_add(1);
        self.local
    }

    /// A request of the peer other than ACK and CANCEL came with `cseq`.
    pub(crate) const fn receive(&mut self, cseq: u32) -> Order {
        match self.remote {
            Some(last) if cseq <= last => Order::Stale,
            Some(_) | None => {
                self.remote = Some(cseq);
                Order::InOrder
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_by_one_for_us_and_by_any_step_for_the_peer() {
        let mut s = Sequence::at_called(100, 7);
        assert_eq!((s.next_local(), s.next_local()), (101, 102));
        assert_eq!(s.receive(7), Order::Stale);
        assert_eq!(s.receive(9), Order::InOrder);
        assert_eq!(s.receive(8), Order::Stale);
        let mut first = Sequence::at_caller(5);
        assert_eq!(first.receive(0), Order::InOrder);
        assert_eq!(first.receive(0), Order::Stale);
    }
}
