//! Who is let in, who is not, and what becomes of both.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_becomes_one_request_is_told_so_and_gets_in_once_it_is_allowed() {
    let mut member = Node::start(1, settings()).await;
    let mut joiner = Node::start(2, settings()).await;
    joiner.network.allow(listed(&[(1, &[member.address()])]));
    until(|| member.network.join_requests().first().is_some_and(|request| request.attempts >= 3)).await;
    let requests = member.network.join_requests();
    assert_eq!((requests.len(), requests[0].node), (1, key(2)));
    assert!(requests[0].address.is_loopback() && requests[0].last >= requests[0].first);
    until(|| joiner.state_of(1) == NodeState::AwaitingApproval).await;
    assert!(joiner.network.peers().is_empty() && member.network.peers().is_empty());
    member.network.allow(listed(&[(2, &[])]));
    joiner.connected_to(1).await;
    member.connected_to(2).await;
    assert!(member.network.join_requests().is_empty());
    let (there, here) = (member.network.peers(), joiner.network.peers());
    assert!(!there[0].outbound && here[0].outbound && here[0].address.to_string() == member.address());
    assert_eq!(there[0].score, FULL_SCORE);
    until(|| member.network.peers()[0].program.starts_with("coffer/")).await;
    assert!(member.network.peers()[0].received > 0 && member.network.peers()[0].sent > 0);
    joiner.stop().await;
    member.disconnected_from(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_off_the_list_is_cut_at_once() {
    let mut nodes = mesh(3).await;
    let mut third = nodes.pop().unwrap();
    let [first, second] = &mut nodes[..] else { unreachable!() };
    first.network.allow(listed(&[(2, &[])]));
    first.disconnected_from(3).await;
    third.disconnected_from(1).await;
    assert_eq!(first.network.peers().len(), 1);
    until(|| third.state_of(1) == NodeState::AwaitingApproval).await;
    until(|| first.network.join_requests().len() == 1).await;
    // The others go on.
    let asked = first.network.ask(key(2), Question::Status, Bytes::from_static(b"?"));
    let answers = async {
        match second.next().await {
            Event::Question { answer, .. } => answer.send(Bytes::from_static(b"!")).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(tokio::join!(asked, answers).0, Ok(Bytes::from_static(b"!")));
    let asked = first.network.ask(key(3), Question::Status, Bytes::new()).await;
    assert_eq!(asked, Err(AskError::NotConnected(key(3))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_strangers_dial_and_members_are_served() {
    let mut nodes = mesh(2).await;
    let target = nodes[0].address();
    // Fresh keys, each of which dials once and again.
    let flood = tokio::spawn(async move {
        for _ in 0..10 {
            let dials = (0..100).map(|_| {
                let target: SocketAddr = target.parse().unwrap();
                async move {
                    let (to_consensus, _consensus) = mpsc::channel(1);
                    let (to_transactions, _transactions) = mpsc::channel(1);
                    let (_stop, stopped) = watch::channel(false);
                    let routes = Routes {
                        consensus: to_consensus,
                        transactions: to_transactions,
                        states: mpsc::channel(1).0,
                        payloads: mpsc::channel(1).0,
                    };
                    let mut fresh = Zeroizing::new([0; 32]);
                    getrandom::fill(&mut *fresh).unwrap();
                    let peers = [(key(1), vec![target.into()])].into();
                    let settings = Settings { listen: None, peers, ..settings() };
                    let (network, task) = start(settings, fresh, CHAIN, routes, stopped).await.unwrap();
                    let refused = until(|| network.nodes()[0].state == NodeState::AwaitingApproval);
                    tokio::select! {
                        ended = task => panic!("{ended:?}"),
                        () = refused => {}
                    }
                }
            });
            futures::future::join_all(dials).await;
        }
    });
    let (first, rest) = nodes.split_at_mut(1);
    let (first, second) = (&first[0], &mut rest[0]);
    let mut served = 0;
    while !flood.is_finished() || served == 0 {
        let asked = first.network.ask(key(2), Question::Status, Bytes::new());
        let answers = async {
            match second.next().await {
                Event::Question { answer, .. } => answer.send(Bytes::new()).unwrap(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(tokio::join!(asked, answers).0, Ok(Bytes::new()));
        served += 1;
    }
    flood.await.unwrap();
    assert!(first.network.status().counts.strangers >= 1_000);
    // All came from one address, which has its share of the table and no more.
    assert_eq!(first.network.join_requests().len(), Limits::default().requests_per_address);
    assert_eq!(first.network.nodes().len(), 1);
    println!("{served} questions were answered during the flood");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_holds_a_few_connections_that_say_nothing() {
    let first = Node::start(1, settings()).await;
    let address: SocketAddr = first.address().parse().unwrap();
    // All that may be pending, and more.
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let mut open = 0;
    for stream in &mut silent {
        // One that is not taken is closed; one that is taken waits for a handshake.
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_millis(100), tokio::io::AsyncReadExt::read(stream, &mut byte));
        open += usize::from(!matches!(read.await, Ok(Ok(0) | Err(_))));
    }
    assert_eq!(open, 8);
    // When they are given up, who proves its key gets in.
    let mut second = Node::start(2, settings()).await;
    first.network.allow(listed(&[(2, &[])]));
    second.network.allow(listed(&[(1, &[first.address()])]));
    second.connected_to(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_resolved_anew_on_each_dial() {
    let first = Node::start(1, settings()).await;
    let port = Arc::new(AtomicU16::new(1));
    let asked = Arc::new(AtomicU16::new(0));
    let resolver = {
        let (port, asked) = (Arc::clone(&port), Arc::clone(&asked));
        Resolver::new(move |name, _| {
            assert_eq!(name, "first.example");
            asked.fetch_add(1, Ordering::SeqCst);
            let addr = ([127, 0, 0, 1], port.load(Ordering::SeqCst)).into();
            Box::pin(async move { Ok(vec![addr]) })
        })
    };
    let mut second = Node::start(2, Settings { resolver, ..settings() }).await;
    first.network.allow(listed(&[(2, &[])]));
    second.network.allow(listed(&[(1, &["first.example:9545".into()])]));
    until(|| asked.load(Ordering::SeqCst) >= 2).await;
    until(|| matches!(second.state_of(1), NodeState::Unreachable(_))).await;
    // It moves to where the first one is.
    let addr: SocketAddr = first.address().parse().unwrap();
    port.store(addr.port(), Ordering::SeqCst);
    second.connected_to(1).await;
    // And away with it.
    first.stop().await;
    second.disconnected_from(1).await;
    let back = Node::start(1, settings()).await;
    back.network.allow(listed(&[(2, &[])]));
    let addr: SocketAddr = back.address().parse().unwrap();
    port.store(addr.port(), Ordering::SeqCst);
    second.connected_to(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_restarted_under_its_key_is_connected_again() {
    let mut nodes = mesh(2).await;
    let (second, first) = (nodes.pop().unwrap(), &mut nodes[0]);
    let address = second.address();
    let first_address = first.address();
    second.stop().await;
    first.disconnected_from(2).await;
    let again = Settings { listen: Some(address.parse().unwrap()), ..settings() };
    let second = Node::start(2, again).await;
    second.network.allow(listed(&[(1, &[first_address])]));
    first.connected_to(2).await;
    assert_eq!(first.network.peers()[0].node, key(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_chain_is_disconnected() {
    let first = Node::start(1, settings()).await;
    let other = Node::on(2, settings(), Hash([8; 32]), 1_024).await;
    first.network.allow(listed(&[(2, &[])]));
    other.network.allow(listed(&[(1, &[first.address()])]));
    until(|| other.state_of(1) == NodeState::OtherChain).await;
    until(|| first.state_of(2) == NodeState::OtherChain).await;
    assert!(first.network.peers().is_empty() && other.network.peers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_with_the_setting() {
    let node = Node::start(1, settings()).await;
    let taken = Settings { listen: Some(node.address().parse().unwrap()), ..settings() };
    let routes = || Routes {
        consensus: mpsc::channel(1).0,
        transactions: mpsc::channel(1).0,
        states: mpsc::channel(1).0,
        payloads: mpsc::channel(1).0,
    };
    let (_stop, stopped) = watch::channel(false);
    let refused = start(taken, Zeroizing::new(seed(2)), CHAIN, routes(), stopped).await;
    let told = refused.err().unwrap().to_string();
    assert!(told.contains(&format!("network.listen = \"{}\"", node.address())), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_of_the_configuration_may_connect_until_a_list_comes() {
    let mut first = Node::start(1, settings()).await;
    let address: Address = first.address().parse().unwrap();
    let mut second = Node::start(2, Settings { peers: [(key(1), vec![address])].into(), ..settings() }).await;
    first.network.allow(listed(&[(2, &[])]));
    second.connected_to(1).await;
    first.connected_to(2).await;
    assert_eq!(second.network.bootstrap(), listed(&[(1, &[first.address()])]));
    second.network.allow(BTreeMap::new());
    second.disconnected_from(1).await;
    assert!(second.network.nodes().is_empty());
}

#[tokio::test]
async fn a_node_without_a_network_knows_nobody() {
    let network = Network::alone(key(1));
    network.publish(Topic::Transactions, Bytes::new()).await;
    network.allow(listed(&[(2, &[])]));
    assert_eq!(network.ask(key(2), Question::Status, Bytes::new()).await, Err(AskError::NotConnected(key(2))));
    assert!(network.peers().is_empty() && network.nodes().is_empty() && !network.status().enabled);
}
