//! A way between two programs that can be cut: what is under way on it stalls, as
//! behind a broken switch, and goes on when it is mended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
pub(crate) struct Cut {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Cut {
    /// A way from an address of this machine to one of its ports.
    pub(crate) async fn start(at: &str, to: u16) -> Cut {
        let listener = TcpListener::bind((at, 0)).await.unwrap();
        let cut = Cut {
            port: listener.local_addr().unwrap().port(),
            is_cut: Arc::default(),
        };
        let way = cut.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let way = way.clone();
                tokio::spawn(async move {
                    way.mended().await;
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else {
                        return;
                    };
                    near.set_nodelay(true).unwrap();
                    far.set_nodelay(true).unwrap();
                    let (from_near, to_near) = near.into_split();
                    let (from_far, to_far) = far.into_split();
                    tokio::join!(way.carry(from_near, to_far), way.carry(from_far, to_near));
                });
            }
        });
        cut
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }

    async fn mended(&self) {
        while self.is_cut.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn carry(
        &self,
        mut from: tokio::net::tcp::OwnedReadHalf,
        mut to: tokio::net::tcp::OwnedWriteHalf,
    ) {
        let mut bytes = vec![0; 16 << 10];
        while let Ok(length) = from.read(&mut bytes).await {
            self.mended().await;
            if length == 0 || to.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    }
}
