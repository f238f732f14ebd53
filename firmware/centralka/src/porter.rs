//! Where the exchange listens: opens the addresses of a configuration, and changes them while it runs.
//! New ones are bound before anything is stored; what cannot be bound refuses the whole change.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak, mpsc::sync_channel},
    time::Duration,
};

use config::{Document, Network, Problems, same_socket};
use panel::Moves;

use crate::{
    doors::{
        Kind, Listener, SipSocket, Unavailable,
        bind::{self, Beside},
    },
    tls,
    word::{Mouth, SipChange, Word},
};

/// How long the control thread may take to change sockets.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the program can be reached, as written to `DATA/listen.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Listen {
    pub(crate) sip_udp: Vec<SocketAddr>,
    pub(crate) sip_tcp: Vec<SocketAddr>,
    pub(crate) sip_tls: Vec<SocketAddr>,
    pub(crate) panel_http: Option<SocketAddr>,
    pub(crate) panel_https: Option<SocketAddr>,
}

/// An address that is open.
#[derive(Clone, Debug)]
struct Door {
    kind: Kind,
    /// As configured; its port may be 0.
    wanted: SocketAddr,
    bound: SocketAddr,
    /// Of UDP: the control thread keeps the socket for as long as calls need it.
    socket: Weak<SipSocket>,
}

impl Door {
    fn is_at(&self, address: SocketAddr) -> bool {
        self.wanted == address || self.bound == address
    }

    fn overlaps(&self, kind: Kind, address: SocketAddr) -> bool {
        self.kind.is_udp() == kind.is_udp() && same_socket(self.bound, address)
    }
}

/// New sockets that are bound already, and what takes their place.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) udp: Vec<Arc<SipSocket>>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) http: Vec<TcpListener>,
    pub(crate) https: Vec<TcpListener>,
    doors: Vec<Door>,
    closed: Vec<Door>,
}

#[derive(Default)]
struct State {
    doors: Vec<Door>,
    /// UDP sockets that were given up and may still serve calls.
    leaving: Vec<Door>,
}

/// Keeps what is open.
pub(crate) struct Porter {
    state: Mutex<State>,
    panel: OnceLock<Moves>,
    data: PathBuf,
}

impl Porter {
    /// Opens every address of a configuration.
    pub(crate) fn start(network: &Network, data: PathBuf) -> Result<(Self, Plan), Unavailable> {
        let porter = Self {
            state: Mutex::default(),
            panel: OnceLock::new(),
            data,
        };
        let mut plan = porter.plan(network)?;
        porter.state().doors = std::mem::take(&mut plan.doors);
        Ok((porter, plan))
    }

    /// From now on the panel's addresses can be changed.
    pub(crate) fn set_panel(&self, moves: Moves) {
        // It is set once, by the start.
        let _ = self.panel.set(moves);
    }

    /// Where the program can be reached now.
    pub(crate) fn listen(&self) -> Listen {
        let mut listen = Listen::default();
        for door in &self.state().doors {
            match door.kind {
                Kind::SipUdp => listen.sip_udp.push(door.bound),
                Kind::SipTcp => listen.sip_tcp.push(door.bound),
                Kind::SipTls => listen.sip_tls.push(door.bound),
                Kind::PanelHttp => listen.panel_http = Some(door.bound),
                Kind::PanelHttps => listen.panel_https = Some(door.bound),
            }
        }
        listen
    }

    /// Writes `DATA/listen.json`.
    pub(crate) fn write_listen(&self) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.listen())?;
        tls::write_private(&self.data.join("listen.json"), &text)
    }

    /// Binds what a new configuration wants and the present one does not have. Nothing else changes
    /// before [`Porter::carry_out`]; a plan that is dropped closes what it opened.
    pub(crate) fn plan(&self, network: &Network) -> Result<Plan, Unavailable> {
        let mut state = self.state();
        state.leaving.retain(|door| door.socket.strong_count() > 0);
        let mut plan = Plan::default();
        let mut left = state.doors.clone();
        let mut fresh = Vec::new();
        for (kind, address) in wanted(network) {
            let same = |door: &Door| door.kind == kind && door.is_at(address);
            match left.iter().position(same) {
                Some(at) => {
                    let mut door = left.remove(at);
                    door.wanted = address;
                    plan.doors.push(door);
                }
                None => fresh.push((kind, address)),
            }
        }
        for (kind, address) in fresh {
            let mut given_up = left.iter().chain(&state.leaving);
            let beside = if given_up.any(|door| door.overlaps(kind, address)) {
                Beside::Ours
            } else {
                Beside::Nobody
            };
            plan.open((kind, address), beside, &state.leaving)?;
        }
        plan.closed = left;
        Ok(plan)
    }

    /// Hands the new sockets to their threads and gives up the old ones.
    pub(crate) fn carry_out(&self, mut plan: Plan, mouth: &Mouth) {
        if plan.is_empty() {
            return;
        }
        for door in &plan.closed {
            tracing::info!(key = door.kind.key(), address = %door.bound, "no longer open to new calls");
        }
        self.change_sip(&mut plan, mouth);
        self.change_panel(&mut plan);
        let mut state = self.state();
        state.doors = plan.doors;
        let given_up = plan.closed.into_iter();
        state
            .leaving
            .extend(given_up.filter(|door| door.kind.is_udp()));
        drop(state);
        if let Err(error) = self.write_listen() {
            tracing::error!(%error, "listen.json cannot be written");
        }
    }

    fn change_sip(&self, plan: &mut Plan, mouth: &Mouth) {
        let sip = plan.closed.iter().filter(|door| !door.kind.is_panel());
        let close: Vec<_> = sip.map(|door| (door.kind.is_udp(), door.bound)).collect();
        let (done, wait) = sync_channel(1);
        let change = SipChange {
            udp: std::mem::take(&mut plan.udp),
            listeners: std::mem::take(&mut plan.listeners),
            close,
            done,
        };
        let heard = mouth.insist(Word::Doors(change));
        if heard.is_err() || wait.recv_timeout(PATIENCE).is_err() {
            tracing::warn!("the exchange did not yet change its addresses: it is busy or stopping");
        }
    }

    fn change_panel(&self, plan: &mut Plan) {
        let panel = plan.closed.iter().filter(|door| door.kind.is_panel());
        let close: Vec<SocketAddr> = panel.map(|door| door.bound).collect();
        let (http, https) = (
            std::mem::take(&mut plan.http),
            std::mem::take(&mut plan.https),
        );
        if http.is_empty() && https.is_empty() && close.is_empty() {
            return;
        }
        if let Some(moves) = self.panel.get()
            && let Err(error) = moves.change(http, https, close)
        {
            tracing::error!(%error, "the panel's addresses were not changed");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn is_empty(&self) -> bool {
        let sip = self.udp.is_empty() && self.listeners.is_empty();
        sip && self.http.is_empty() && self.https.is_empty() && self.closed.is_empty()
    }

    fn open(
        &mut self,
        (kind, address): (Kind, SocketAddr),
        beside: Beside,
        leaving: &[Door],
    ) -> Result<(), Unavailable> {
        let blame = |error: std::io::Error| Unavailable::of(kind, address, &error);
        let mut socket = Weak::new();
        let bound = match kind {
            Kind::SipUdp => {
                let known = leaving.iter().find(|door| door.is_at(address));
                let again = known.and_then(|door| door.socket.upgrade());
                let opened = match again {
                    Some(again) => again,
                    None => Arc::new(SipSocket::bind(address, beside).map_err(blame)?),
                };
                socket = Arc::downgrade(&opened);
                let bound = opened.bound();
                self.udp.push(opened);
                bound
            }
            Kind::SipTcp | Kind::SipTls => {
                let secure = kind == Kind::SipTls;
                let listener = Listener::bind(address, secure, beside).map_err(blame)?;
                let bound = listener.bound;
                self.listeners.push(listener);
                bound
            }
            Kind::PanelHttp | Kind::PanelHttps => {
                let listener = bind::tcp(address, beside).map_err(blame)?;
                let bound = listener.local_addr().map_err(blame)?;
                let panel = if kind == Kind::PanelHttp {
                    &mut self.http
                } else {
                    &mut self.https
                };
                panel.push(listener);
                bound
            }
        };
        self.doors.push(Door {
            kind,
            wanted: address,
            bound,
            socket,
        });
        Ok(())
    }
}

impl Unavailable {
    /// The same as a problem of the text that wants the address.
    pub(crate) fn blame(&self, text: &Document) -> Problems {
        let params = vec![
            ("value", self.address.to_string()),
            ("reason", self.reason.clone()),
        ];
        let key = format!("network.{}", self.kind.key());
        text.blame(&key, config::Fault::AddressUnavailable, params)
    }
}

/// Every address of a configuration.
fn wanted(network: &Network) -> Vec<(Kind, SocketAddr)> {
    let of = |kind, addresses: &[SocketAddr]| -> Vec<_> {
        addresses.iter().map(|&address| (kind, address)).collect()
    };
    [
        of(Kind::SipUdp, &network.sip_udp),
        of(Kind::SipTcp, &network.sip_tcp),
        of(Kind::SipTls, &network.sip_tls),
        of(Kind::PanelHttp, network.panel_http.as_slice()),
        of(Kind::PanelHttps, network.panel_https.as_slice()),
    ]
    .concat()
}
