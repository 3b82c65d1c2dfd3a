//! Where to listen, in the syntax of Go: `:9090`, `127.0.0.1:9090`, `[::1]:80`, `localhost:0`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Context as _, bail};
use rustix::net::sockopt::set_tcp_nodelay;

/// Opens a listener. Without a host it takes every interface, IPv4 and IPv6; port 0 lets the system choose. What it accepts
/// sends at once, which Linux has connections take over from their listener: the body of an answer would else wait until
/// the peer has acknowledged the head, 40 ms mostly.
///
/// # Errors
/// A text that is no address, or what the system says of the port.
pub(super) fn listen(address: &str) -> anyhow::Result<TcpListener> {
    let (host, port) = split(address)?;
    let opened = if host.is_empty() { on_every_interface(port) } else { TcpListener::bind((host, port)) };
    let listener = opened.with_context(|| format!("'{address}' cannot be listened on"))?;
    set_tcp_nodelay(&listener, true)?;
    Ok(listener)
}

fn split(address: &str) -> anyhow::Result<(&str, u16)> {
    let Some((host, port)) = address.rsplit_once(':') else {
        bail!("'{address}' is no address to listen on: write host:port or :port");
    };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if inner.is_none() && host.contains(['[', ']', ':']) {
        bail!("'{address}' is no address to listen on: write an IPv6 address in brackets");
    }
    let port = port.parse().with_context(|| format!("'{address}' has no port between 0 and 65535"))?;
    Ok((inner.unwrap_or(host), port))
}

/// A machine without IPv6 still has IPv4.
fn on_every_interface(port: u16) -> io::Result<TcpListener> {
    let final_kinds = [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied];
    TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).or_else(|error| {
        if final_kinds.contains(&error.kind()) {
            return Err(error);
        }
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
    })
}

#[cfg(test)]
mod tests {
    use super::{listen, split};

    #[test]
    fn what_is_accepted_sends_at_once() {
        let listener = listen("127.0.0.1:0").unwrap();
        let _peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();

        let (accepted, _) = listener.accept().unwrap();

        assert!(accepted.nodelay().unwrap());
    }

    #[test]
    fn hosts_ports_and_brackets_are_told_apart() {
        assert_eq!(split(":9090").unwrap(), ("", 9090));
        assert_eq!(split("127.0.0.1:80").unwrap(), ("127.0.0.1", 80));
        assert_eq!(split("[::1]:80").unwrap(), ("::1", 80));
        assert_eq!(split("localhost:0").unwrap(), ("localhost", 0));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_own_text() {
        for address in ["", "9090", "::1:80", "[::1:80", "host:", "host:http", "host:65536"] {
            let error = format!("{:#}", split(address).unwrap_err());
            assert!(error.contains(&format!("'{address}'")), "{error}");
        }
    }

    #[test]
    fn without_a_host_both_families_are_reached() {
        let listener = listen(":0").unwrap();
        let address = listener.local_addr().unwrap();
        std::net::TcpStream::connect(("127.0.0.1", address.port())).unwrap();
        if address.is_ipv6() {
            std::net::TcpStream::connect(("::1", address.port())).unwrap();
        }
    }

    #[test]
    fn a_port_in_use_is_named() {
        let taken = listen("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = format!("{:#}", listen(&address).unwrap_err());
        assert!(error.contains(&address), "{error}");
    }
}
