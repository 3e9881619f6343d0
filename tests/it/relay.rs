//! The wire that the stories of several nodes use when it must be slow, lossy or cut.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use coffer_tests::relay::{Relay, Weather};

/// Somebody who sends back what comes.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let (mut from, mut to) = (stream.try_clone().expect("a second handle"), stream);
                let _ = std::io::copy(&mut from, &mut to);
            });
        }
    });
    addr
}

fn there_and_back(wire: &mut TcpStream, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    wire.write_all(bytes)?;
    let mut back = vec![0; bytes.len()];
    wire.read_exact(&mut back)?;
    Ok(back)
}

#[test]
fn what_goes_over_a_bad_wire_arrives_unchanged_and_late() {
    let weather = Weather { delay: Duration::from_millis(5), lost_percent: 20 };
    let relay = Relay::to(echo(), weather, 7);
    let bytes: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    let mut wire = TcpStream::connect(relay.addr()).unwrap();
    let begun = Instant::now();
    let mut reader = wire.try_clone().unwrap();
    let sent = bytes.clone();
    let sender = thread::spawn(move || wire.write_all(&sent).map(|()| wire));
    let mut back = vec![0; bytes.len()];
    reader.read_exact(&mut back).unwrap();
    assert_eq!(back, bytes);
    // Never sooner than there and back; how much later is the machine's affair.
    assert!(begun.elapsed() >= Duration::from_millis(10));
    assert_eq!(relay.carried(), 100_000);
    sender.join().unwrap().unwrap();
}

#[test]
fn a_cut_wire_carries_nothing_until_it_is_healed() {
    let relay = Relay::to(echo(), Weather::default(), 1);
    let mut wire = TcpStream::connect(relay.addr()).unwrap();
    assert_eq!(there_and_back(&mut wire, b"one").unwrap(), b"one");
    relay.cut();
    assert!(there_and_back(&mut wire, b"two").is_err());
    let mut refused = TcpStream::connect(relay.addr()).unwrap();
    assert!(there_and_back(&mut refused, b"three").is_err());
    relay.heal();
    let mut wire = TcpStream::connect(relay.addr()).unwrap();
    assert_eq!(there_and_back(&mut wire, b"four").unwrap(), b"four");
}
