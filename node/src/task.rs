//! Named tasks of the node. One that ends before it was asked to, with an error or a panic, stops the node in order.
//! Invariant: `stop` is sent once; every task is waited for, bounded in time.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long all tasks together may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the node stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A task failed.
    #[error("{name} failed: {cause}")]
    Failed {
        /// The task.
        name: &'static str,
        /// Why.
        cause: String,
    },
    /// A task ended though nobody asked it to.
    #[error("{name} ended unexpectedly")]
    Ended {
        /// The task.
        name: &'static str,
    },
    /// A task panicked.
    #[error("a task panicked: {0}")]
    Panicked(String),
    /// Tasks did not end in time.
    #[error("{0} tasks did not end within {PATIENCE:?}")]
    Stuck(usize),
}

/// The running tasks.
pub struct Tasks {
    running: JoinSet<(&'static str, Result<(), String>)>,
    stop: watch::Sender<bool>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { running: JoinSet::new(), stop: watch::Sender::new(false) }
    }
}

impl Tasks {
    /// Turns true when tasks must end.
    pub fn stop_signal(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Starts a task.
    pub fn spawn<E: Display>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.running.spawn(async move { (name, task.await.map_err(|e| e.to_string())) });
    }

    /// Returns when a task ends though nobody asked it to. Cancel safe.
    pub async fn failed(&mut self) -> TaskError {
        match self.running.join_next().await {
            Some(Ok((name, Ok(())))) => TaskError::Ended { name },
            Some(Ok((name, Err(cause)))) => TaskError::Failed { name, cause },
            Some(Err(panicked)) => TaskError::Panicked(panicked.to_string()),
            None => std::future::pending().await,
        }
    }

    /// Asks all tasks to end and waits for them.
    ///
    /// # Errors
    /// The first [`TaskError`]; the other tasks are waited for all the same.
    pub async fn stop(mut self) -> Result<(), TaskError> {
        self.stop.send_replace(true);
        let mut first = Ok(());
        let all = tokio::time::timeout(PATIENCE, async {
            while let Some(ended) = self.running.join_next().await {
                let done = match ended {
                    Ok((_, Ok(()))) => Ok(()),
                    Ok((name, Err(cause))) => Err(TaskError::Failed { name, cause }),
                    Err(panicked) => Err(TaskError::Panicked(panicked.to_string())),
                };
                if first.is_ok() {
                    first = done;
                }
            }
        });
        if all.await.is_err() {
            return Err(TaskError::Stuck(self.running.len()));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_fails_panics_or_just_ends_is_named() {
        let mut tasks = Tasks::default();
        tasks.spawn("pool", async { Err::<(), _>("no room") });
        assert_eq!(tasks.failed().await.to_string(), "pool failed: no room");
        tasks.spawn("rpc", async { Ok::<(), String>(()) });
        assert_eq!(tasks.failed().await.to_string(), "rpc ended unexpectedly");
        tasks.spawn("state", async { panic!("oh") as Result<(), String> });
        assert!(matches!(tasks.failed().await, TaskError::Panicked(_)));
    }

    #[tokio::test]
    async fn stopping_waits_for_every_task() {
        let mut tasks = Tasks::default();
        let (done, was_done) = tokio::sync::oneshot::channel();
        let mut stop = tasks.stop_signal();
        tasks.spawn("one", async move {
            stop.wait_for(|stop| *stop).await.map_err(|e| e.to_string())?;
            done.send(()).map_err(|()| "nobody listens".to_string())
        });
        tasks.stop().await.unwrap();
        was_done.await.unwrap();
    }
}
