//! SIP over UDP: a socket bound to one configured address that knows, for every datagram, at which
//! of the box's own addresses it arrived, and answers from that address (design §3).

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use nix::{
    libc,
    sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
        setsockopt, sockopt,
    },
};

use super::bind::{self, Beside};

/// A bound SIP socket.
#[derive(Debug)]
pub(crate) struct SipSocket {
    socket: UdpSocket,
    bound: SocketAddr,
}

impl SipSocket {
    /// Binds `address`; port 0 takes any free port.
    pub(crate) fn bind(address: SocketAddr, beside: Beside) -> io::Result<Self> {
        let socket = bind::udp(address, beside)?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?;
        match bound {
            SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?,
            SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?,
        }
        // Room for a burst of some thousand messages while the control thread is busy.
        setsockopt(&socket, sockopt::RcvBuf, &(4 << 20))?;
        Ok(Self { socket, bound })
    }

    /// The address and port it is bound to.
    pub(crate) const fn bound(&self) -> SocketAddr {
        self.bound
    }

    pub(crate) const fn std(&self) -> &UdpSocket {
        &self.socket
    }

    /// The next datagram: its length in `buffer`, our address, theirs; `WouldBlock` when none waits.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        let mut space = nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let remote = message
            .address
            .as_ref()
            .and_then(to_std)
            .ok_or_else(|| io::Error::other("a datagram without a source"))?;
        let local = message
            .cmsgs()?
            .find_map(|control| match control {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    let octets = info.ipi_addr.s_addr.to_ne_bytes();
                    Some(IpAddr::from(octets))
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    Some(IpAddr::from(info.ipi6_addr.s6_addr))
                }
                _ => None,
            })
            .unwrap_or(self.bound.ip());
        Ok((
            message.bytes,
            SocketAddr::new(local, self.bound.port()),
            remote,
        ))
    }

    /// Sends from our address `local` to `remote`. A full socket buffer drops the datagram, as the
    /// network would; SIP repeats it.
    pub(crate) fn send(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &[u8],
    ) -> io::Result<()> {
        let slices = [IoSlice::new(bytes)];
        let to = SockaddrStorage::from(remote);
        let fd = self.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        let wildcard = self.bound.ip().is_unspecified() && !local.ip().is_unspecified();
        match (wildcard, local.ip()) {
            (true, IpAddr::V4(ip)) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(ip.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                let control = [ControlMessage::Ipv4PacketInfo(&info)];
                sendmsg(fd, &slices, &control, flags, Some(&to))?;
            }
            (true, IpAddr::V6(ip)) => {
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr {
                        s6_addr: ip.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                let control = [ControlMessage::Ipv6PacketInfo(&info)];
                sendmsg(fd, &slices, &control, flags, Some(&to))?;
            }
            (false, _) => {
                self.socket.send_to(bytes, remote)?;
            }
        }
        Ok(())
    }
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::from((v4.ip(), v4.port())));
    }
    let v6 = address.as_sockaddr_in6()?;
    Some(SocketAddr::from((v6.ip(), v6.port())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_socket_names_and_uses_the_address_that_was_called() {
        let any = "0.0.0.0:0".parse().expect("literal");
        let sip = SipSocket::bind(any, Beside::Nobody).expect("loopback");
        let phone = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let target = SocketAddr::new(IpAddr::from([127, 0, 0, 2]), sip.bound().port());
        phone.send_to(b"hello", target).expect("loopback");
        sip.std().set_nonblocking(false).expect("a socket option");
        let mut buffer = [0; 100];
        let (len, local, remote) = loop {
            match sip.receive(&mut buffer) {
                Ok(got) => break got,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
                Err(e) => panic!("{e}"),
            }
        };
        assert_eq!((&buffer[..len], local), (&b"hello"[..], target));
        assert_eq!(remote, phone.local_addr().expect("bound"));
        sip.send(local, remote, b"back").expect("loopback");
        let (_, from) = phone.recv_from(&mut buffer).expect("an answer");
        assert_eq!(
            from, target,
            "the answer comes from the address that was called"
        );
    }
}
