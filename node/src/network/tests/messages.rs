//! Gossip and questions between nodes that are let in, and what happens to those that send what they must not.

use super::*;

fn message(event: Event) -> (Topic, AccountId, Bytes, oneshot::Sender<Verdict>) {
    match event {
        Event::Message { topic, from, body, verdict } => (topic, from, body, verdict),
        other => panic!("{other:?}"),
    }
}

/// Nodes 1 - 2 - 3: the ones at the ends are not connected, but know of each other.
async fn line() -> [Node; 3] {
    let nodes = [Node::start(1, settings()).await, Node::start(2, settings()).await, Node::start(3, settings()).await];
    let middle = nodes[1].address();
    nodes[0].network.allow(listed(&[(2, std::slice::from_ref(&middle)), (3, &[])]));
    nodes[1].network.allow(listed(&[(1, &[]), (3, &[])]));
    nodes[2].network.allow(listed(&[(2, &[middle]), (1, &[])]));
    until(|| nodes[1].network.peers().len() == 2).await;
    until(|| nodes[0].network.peers().len() == 1 && nodes[2].network.peers().len() == 1).await;
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_topic_goes_to_all_and_says_who_wrote() {
    let mut nodes = mesh(3).await;
    for topic in Topic::ALL {
        let body = Bytes::from(format!("about {topic:?}"));
        nodes[1].network.publish(topic, body.clone()).await;
        for n in [0, 2] {
            let event = if topic == Topic::Transactions {
                loop {
                    match nodes[n].transactions.recv().await.unwrap() {
                        Event::Connected(_) | Event::Disconnected(_) => {}
                        other => break other,
                    }
                }
            } else {
                nodes[n].next().await
            };
            let (told, from, said, verdict) = message(event);
            assert_eq!((told, from, said), (topic, key(2), body.clone()));
            verdict.send(Verdict::Accept).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_consensus_repeats_is_heard_each_time_and_a_transaction_once() {
    let mut nodes = mesh(2).await;
    for _ in 0..2 {
        nodes[0].network.publish(Topic::Liveness, Bytes::from_static(b"again")).await;
        nodes[0].network.publish(Topic::Transactions, Bytes::from_static(b"once")).await;
    }
    nodes[0].network.publish(Topic::Transactions, Bytes::from_static(b"last")).await;
    for _ in 0..2 {
        assert_eq!(message(nodes[1].next().await).2, "again");
    }
    let mut heard = Vec::new();
    while heard.last().is_none_or(|body| body != "last") {
        if let Event::Message { body, .. } = nodes[1].transactions.recv().await.unwrap() {
            heard.push(body);
        }
    }
    assert_eq!(heard, ["once", "last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_both_ways_or_told_to_have_no_answer() {
    let mut nodes = mesh(2).await;
    for (asker, asked) in [(0, 1), (1, 0)] {
        let network = nodes[asker].network.clone();
        let peer = key(asked as u8 + 1);
        let question =
            tokio::spawn(async move { network.ask(peer, Question::Blocks, Bytes::from_static(b"1..9")).await });
        match nodes[asked].next().await {
            Event::Question { from, question, body, answer } => {
                assert_eq!((from, question, &body[..]), (key(asker as u8 + 1), Question::Blocks, &b"1..9"[..]));
                answer.send(Bytes::from(vec![7; 5_000_000])).unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(question.await.unwrap().unwrap().len(), 5_000_000);
    }
    let network = nodes[0].network.clone();
    let question = tokio::spawn(async move { network.ask(key(2), Question::Blocks, Bytes::new()).await });
    drop(nodes[1].next().await);
    assert_eq!(question.await.unwrap(), Err(AskError::Refused(key(2), "it has none".into())));
    assert_eq!(nodes[0].network.peers()[0].score, FULL_SCORE, "to have no answer is no offence");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_neither_sent_nor_asked_nor_answered() {
    let mut nodes = mesh(2).await;
    for topic in Topic::ALL {
        nodes[0].network.publish(topic, vec![1; topic.max_body() + 1].into()).await;
        nodes[0].network.publish(topic, vec![2; topic.max_body()].into()).await;
    }
    assert_eq!(nodes[0].network.status().counts.unsent, 4);
    for topic in [Topic::Consensus, Topic::Liveness, Topic::Parts] {
        let (told, _, body, _) = message(nodes[1].next().await);
        assert_eq!((told, body.len(), body[0]), (topic, topic.max_body(), 2));
    }
    let large = vec![0; Question::Status.max_question() + 1].into();
    let refused = nodes[0].network.ask(key(2), Question::Status, large).await.unwrap_err();
    assert!(matches!(&refused, AskError::Refused(_, why) if why.contains("at most 1024")), "{refused}");
    let network = nodes[0].network.clone();
    let question = tokio::spawn(async move { network.ask(key(2), Question::Status, Bytes::new()).await });
    match nodes[1].next().await {
        Event::Question { answer, .. } => answer.send(vec![0; Question::Status.max_answer() + 1].into()).unwrap(),
        other => panic!("{other:?}"),
    }
    assert_eq!(question.await.unwrap(), Err(AskError::Refused(key(2), "it has none".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_middle_one_passes_on_what_is_accepted_and_not_what_is_rejected_or_ignored() {
    let [first, mut middle, mut last] = line().await;
    let verdicts = [Verdict::Reject, Verdict::Ignore, Verdict::Accept];
    for (verdict, body) in verdicts.into_iter().zip(["junk", "late", "good"]) {
        first.network.publish(Topic::Transactions, body.into()).await;
        let verdict_of = loop {
            if let Event::Message { body: heard, verdict, .. } = middle.transactions.recv().await.unwrap() {
                assert_eq!(heard, body);
                break verdict;
            }
        };
        verdict_of.send(verdict).unwrap();
    }
    loop {
        if let Event::Message { body, from, .. } = last.transactions.recv().await.unwrap() {
            assert_eq!((&body[..], from), (&b"good"[..], key(1)));
            break;
        }
    }
    assert_eq!(middle.network.status().counts.rejected, 1);
    assert!(middle.network.peers().iter().all(|peer| (peer.score < FULL_SCORE) == (peer.node == key(1))));
    assert_eq!(last.network.peers()[0].score, FULL_SCORE);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_junk_loses_points_until_it_is_cut_and_is_no_stranger_then() {
    let mut nodes = mesh(2).await;
    // It dialled, so it dials again.
    let sender = nodes.remove(1);
    let junk = tokio::spawn({
        let network = sender.network.clone();
        async move {
            for n in 0..100u8 {
                network.publish(Topic::Transactions, vec![n].into()).await;
            }
        }
    });
    let reader = &mut nodes[0];
    let mut rejected = 0;
    loop {
        match reader.transactions.recv().await.unwrap() {
            Event::Message { verdict, .. } => {
                rejected += 1;
                // Whatever comes is junk.
                let _ = verdict.send(Verdict::Reject);
            }
            Event::Disconnected(_) => break,
            _ => {}
        }
    }
    assert!(rejected >= 10, "cut after {rejected}");
    assert_eq!(reader.state_of(2), NodeState::Cut);
    junk.await.unwrap();
    assert_eq!(reader.network.status().counts.cuts, 1);
    until(|| sender.state_of(1) == NodeState::AwaitingApproval).await;
    assert!(reader.network.join_requests().is_empty(), "it is listed, and cut for a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_sleeps_loses_messages_and_holds_up_nobody() {
    let sleeper = Node::on(1, settings(), CHAIN, 2).await;
    let mut other = Node::start(2, settings()).await;
    sleeper.network.allow(listed(&[(2, &[])]));
    other.network.allow(listed(&[(1, &[sleeper.address()])]));
    other.connected_to(1).await;
    for n in 0..100u8 {
        other.network.publish(Topic::Consensus, vec![n].into()).await;
    }
    until(|| sleeper.network.status().counts.dropped >= 98).await;
    // It still speaks.
    sleeper.network.publish(Topic::Consensus, Bytes::from_static(b"here")).await;
    assert_eq!(message(other.next().await).2, "here");
}

#[tokio::test(flavor = "multi_thread")]
async fn misbehaviour_that_others_see_takes_points_too() {
    let mut nodes = mesh(2).await;
    let first = &mut nodes[0];
    first.network.misbehaved(key(2), Misbehaviour::WrongAnswer);
    until(|| first.network.peers()[0].score <= 66).await;
    first.network.misbehaved(key(2), Misbehaviour::WrongAnswer);
    first.network.misbehaved(key(2), Misbehaviour::WrongAnswer);
    first.disconnected_from(2).await;
    assert_eq!(first.state_of(2), NodeState::Cut);
}
