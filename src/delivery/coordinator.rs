//! What all workers share, and the one task that feeds them and sees the end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use crate::delivery::error::Error;
use crate::delivery::judge::Sign;
use crate::delivery::progress::{Event, Stop, Watch};
use crate::delivery::queue::{Queue, Seats};
use crate::delivery::rests::PROVIDER;
use crate::delivery::{Clock, Compose, End, Relay, Run, Settings};
use crate::mailing::{Halt, MailingId, Meter, Pace, Stage, State};
use crate::store::{Candidate, Store};

/// What is due within this time is waited for, whether or not the run waits for
/// the rest.
const LINGER: TimeDelta = TimeDelta::seconds(60);
/// So long the relay is left alone when it cannot be reached; after the last of
/// them another relay takes over, or the mailing pauses.
const DOWN: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// So long before everything is read again for rows that were put back.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(1);
/// How often limits are kept and the mailing's stage is looked at.
const TICK: Duration = Duration::from_secs(1);

/// What all workers of a run share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) mailing: MailingId,
    pub(crate) compose: Compose,
    pub(crate) relays: Vec<Relay>,
    pub(crate) settings: Settings,
    pub(crate) watch: Arc<Watch>,
    issue: String,
    clock: Clock,
    wait: bool,
    queue: Mutex<Queue>,
    /// Wakes workers: there may be something to send.
    pub(crate) wake: Notify,
    /// Wakes the coordinator: there may be something to read, or an end.
    pub(crate) hungry: Notify,
    in_use: AtomicUsize,
    down: Mutex<Down>,
    draining: AtomicBool,
}

/// What is wrong with the relay.
#[derive(Debug, Default)]
struct Down {
    /// Failures in a row, those of one moment counted once.
    times: usize,
    /// Nobody tries before.
    until: Option<DateTime<Utc>>,
    /// The run stops for this.
    trouble: Option<String>,
    /// It may be the way from here to the relay, and nothing else.
    is_ours: bool,
}

impl Down {
    /// Somebody got through.
    fn is_up(&mut self) {
        self.times = 0;
        self.until = None;
    }
}

impl Shared {
    /// Takes up limits and delays where the last run left them.
    pub(crate) async fn new(run: Run, watch: Arc<Watch>) -> Result<Shared, Error> {
        let mut relay = Meter::new(run.settings.pace);
        let mut remembered = Vec::new();
        for (name, state) in run.store.limits().await? {
            if name == relay_limit(&run.relays[0].name) {
                relay = Meter::restored(run.settings.pace, &state);
            } else if let Some(provider) = name.strip_prefix(PROVIDER) {
                let pace = pace_of(&run.settings, provider);
                remembered.push((provider.to_owned(), Meter::restored(pace, &state)));
            }
        }
        let paces = run.settings.providers.clone();
        let now = (run.clock)();
        let mut queue = Queue::new(run.mailing.id, relay, paces, remembered, now);
        if run.store.is_shared() {
            queue = queue.shared(relay_limit(&run.relays[0].name), run.settings.connections);
        }
        if run.by_hand {
            queue.forgive();
        }
        Ok(Shared {
            store: run.store,
            mailing: run.mailing.id,
            issue: run.mailing.issue,
            compose: run.compose,
            relays: run.relays,
            settings: run.settings,
            watch,
            clock: run.clock,
            wait: run.wait,
            queue: Mutex::new(queue),
            wake: Notify::new(),
            hungry: Notify::new(),
            in_use: AtomicUsize::new(0),
            down: Mutex::default(),
            draining: AtomicBool::new(false),
        })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn down(&self) -> MutexGuard<'_, Down> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The relay in use.
    pub(crate) fn relay(&self) -> usize {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Nothing new is begun from now on.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
        self.hungry.notify_one();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst) || self.watch.stopping().is_some()
    }

    /// Takes the next delivery.
    pub(crate) fn pick(&self) -> Option<Candidate> {
        let now = self.now();
        if self.down().until.is_some_and(|until| until > now) {
            return None;
        }
        let mut queue = self.queue();
        let pick = queue.pick(now);
        let hungry = queue.is_hungry(now) || queue.next_exchange(now).is_some();
        drop(queue);
        if hungry {
            self.hungry.notify_one();
        }
        pick
    }

    /// Whether there is something to take; or when there may be.
    pub(crate) fn look(&self) -> Result<(), Option<DateTime<Utc>>> {
        let now = self.now();
        if let Some(until) = self.down().until.filter(|until| *until > now) {
            return Err(Some(until));
        }
        self.queue().next_lane(now).map(|_| ())
    }

    /// A delivery that was taken ended, by this relay, and this is what it says.
    pub(crate) fn ended(&self, candidate: &Candidate, sign: &Sign, relay: usize) {
        let now = self.now();
        let seed = candidate.subscriber.0.unsigned_abs();
        let (resting, busy) = {
            let mut queue = self.queue();
            let resting = queue.ended(candidate, sign, now, seed);
            (resting, queue.is_busy())
        };
        if let Some(until) = resting {
            let whole = *sign == Sign::RelayThrottles;
            let provider = (!whole).then(|| candidate.provider.clone());
            self.watch.tell(Event::Resting { provider, until });
        }
        match sign {
            // Of a relay that another has taken over from.
            _ if relay != self.relay() => {}
            Sign::Open => self.down().is_up(),
            Sign::RelayDown(why) => self.relay_down(why, now),
            Sign::Stop(halt, why) => self.relay_stops(*halt, why),
            _ => {}
        }
        self.wake.notify_one();
        // Of a message that went well, the coordinator need not hear but of the
        // last: each call wakes its thread.
        if *sign != Sign::Open || !busy {
            self.hungry.notify_one();
        }
    }

    fn relay_down(&self, why: &str, now: DateTime<Utc>) {
        let mut down = self.down();
        if down.until.is_some_and(|until| now < until) {
            return;
        }
        let rest = DOWN.get(down.times).copied();
        down.times += 1;
        match rest {
            Some(rest) => {
                down.until = Some(now + rest);
                drop(down);
                let why = why.to_owned();
                self.watch.tell(Event::Down { why });
            }
            None => {
                down.is_ours = true;
                drop(down);
                self.give_up_relay(why);
            }
        }
    }

    fn relay_stops(&self, halt: Halt, why: &str) {
        match halt {
            Halt::Login | Halt::Relay | Halt::Settings | Halt::Protocol => self.give_up_relay(why),
            // Another relay would refuse the same message.
            Halt::Message | Halt::Reputation => self.stop_for(why),
        }
    }

    /// The next relay takes over; without one the run stops.
    fn give_up_relay(&self, why: &str) {
        let next = self.relay() + 1;
        let Some(relay) = self.relays.get(next) else {
            return self.stop_for(why);
        };
        self.in_use.store(next, Ordering::Relaxed);
        self.down().is_up();
        let relay = relay.name.clone();
        self.watch.tell(Event::Switched { relay });
    }

    /// Whether the trouble may be this process's alone, in a store that others
    /// share.
    fn is_alone_in_trouble(&self) -> bool {
        self.is_shared() && self.down().is_ours
    }

    fn stop_for(&self, why: &str) {
        self.down().trouble.get_or_insert_with(|| why.to_owned());
        self.drain();
    }

    /// Whether several processes send.
    pub(crate) fn is_shared(&self) -> bool {
        self.queue().seats().is_some()
    }

    /// Keeps what limits and delays remember.
    pub(crate) async fn keep_limits(&self) -> Result<(), Error> {
        if self.is_shared() {
            return exchange(self).await;
        }
        let mut limits = {
            let queue = self.queue();
            let relay = relay_limit(&self.relays[0].name);
            vec![(relay, queue.relay.state())]
                .into_iter()
                .chain(
                    queue
                        .remembered()
                        .into_iter()
                        .map(|(provider, state)| (format!("{PROVIDER}{provider}"), state)),
                )
                .collect::<Vec<_>>()
        };
        limits.sort();
        self.store.save_limits(limits).await?;
        Ok(())
    }
}

fn relay_limit(name: &str) -> String {
    format!("relay:{name}")
}

fn pace_of(settings: &Settings, provider: &str) -> Pace {
    settings
        .providers
        .get(provider)
        .copied()
        .unwrap_or_default()
}

/// Feeds the queue until there is an end.
pub(crate) async fn coordinate(shared: &Shared) -> Result<End, Error> {
    let mut ticked = tokio::time::Instant::now();
    loop {
        if let Some(end) = early_end(shared) {
            return Ok(end);
        }
        if shared.queue().next_exchange(shared.now()).is_some() {
            exchange(shared).await?;
        }
        if ticked.elapsed() >= TICK {
            ticked = tokio::time::Instant::now();
            if shared.is_shared() {
                look_at_others(shared).await?;
            }
            shared.keep_limits().await?;
            look_at_stage(shared).await?;
        }
        let wanted = shared.queue().wants(shared.now());
        if let Some((lane, due)) = wanted {
            let rows = shared.store.due(due).await?;
            shared.queue().fill(lane, rows);
            shared.wake.notify_waiters();
            continue;
        }
        let mut nap = TICK;
        let (idle, busy) = {
            let mut queue = shared.queue();
            (queue.is_idle(shared.now()), queue.is_busy())
        };
        if idle && !busy {
            match rest(shared).await? {
                Rest::Again => continue,
                Rest::Until(until) => nap = shared.nap(until),
                Rest::End(end) => return Ok(end),
            }
        }
        let stopped = shared.watch.stopped().notified();
        let hungry = shared.hungry.notified();
        tokio::select! {
            () = stopped => {}
            () = hungry => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}

fn early_end(shared: &Shared) -> Option<End> {
    if let Some(why) = shared.down().trouble.clone() {
        return Some(End::Trouble { why });
    }
    if let Some(stop) = shared.watch.stopping() {
        return Some(End::Stopped(stop));
    }
    // A worker failed; its error is the end.
    shared.is_draining().then_some(End::Stopped(Stop::Drain))
}

/// Tells what is common to all who send what happened here, and takes grants.
async fn exchange(shared: &Shared) -> Result<(), Error> {
    loop {
        let now = shared.now();
        let (next, seats) = {
            let queue = shared.queue();
            (queue.next_exchange(now), queue.seats())
        };
        let (Some((scope, meter)), Some(seats)) = (next, seats) else {
            shared.wake.notify_waiters();
            return Ok(());
        };
        let found = Arc::new(Mutex::new(None));
        let told = Arc::clone(&found);
        let change = move |state: &str| {
            let (text, exchanged) = meter.exchange(state, seats.workers, now);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchanged);
            text
        };
        shared.store.adjust(scope.clone(), Box::new(change)).await?;
        let exchanged = found.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(exchanged) = exchanged {
            shared.queue().adopt(&scope, &exchanged);
        }
    }
}

/// What others who send have met, and how many they are.
async fn look_at_others(shared: &Shared) -> Result<(), Error> {
    let workers = shared.store.workers().await?;
    let limits = shared.store.limits().await?;
    let now = shared.now();
    let is_down = shared.down().until.is_some_and(|until| until > now);
    let given_back = {
        let mut queue = shared.queue();
        if let Some(rank) = workers.iter().position(|worker| worker.is_us) {
            queue.sit(Seats {
                rank: u32::try_from(rank).unwrap_or(u32::MAX),
                workers: u32::try_from(workers.len()).unwrap_or(u32::MAX),
            });
        }
        for (scope, state) in &limits {
            queue.heed(scope, state, now);
        }
        queue.shed(now, is_down)
    };
    if !given_back.is_empty() {
        shared.store.release(shared.mailing, given_back).await?;
    }
    Ok(())
}

/// Another process may have paused or cancelled the mailing.
async fn look_at_stage(shared: &Shared) -> Result<(), Error> {
    let mailing = shared.store.mailing_of(&shared.issue).await?;
    if let Some(stage) = mailing.map(|mailing| mailing.stage)
        && stage != Stage::Open
    {
        shared.watch.halt(Stop::Stage(stage));
    }
    Ok(())
}

/// What there is to do when everything at hand is done.
enum Rest {
    Again,
    Until(DateTime<Utc>),
    End(End),
}

async fn rest(shared: &Shared) -> Result<Rest, Error> {
    let now = shared.now();
    let tally = shared.store.tally(shared.mailing).await?;
    shared.watch.counted(tally);
    if tally.of(State::Sending) > 0 {
        // A worker is about to say what became of it.
        return Ok(Rest::Until(match shared.is_shared() {
            true => now + LOOK_AGAIN,
            false => now,
        }));
    }
    if tally.open() == 0 {
        return Ok(Rest::End(End::Finished));
    }
    let (stale, refusing) = {
        let queue = shared.queue();
        (queue.is_stale(), queue.refusing())
    };
    let lacking = |due| shared.queue().may_lack(due);
    match tally.next_due {
        _ if stale => {
            shared.queue().rescan(now);
            return Ok(Rest::Again);
        }
        Some(due) if due <= now && lacking(due) => {
            shared.queue().rescan(now);
            return Ok(Rest::Again);
        }
        Some(due) if due > now && (shared.wait || due - now <= LINGER) => {
            shared.watch.tell(Event::Waiting { until: due });
            return Ok(Rest::Until(due));
        }
        _ => {}
    }
    if !refusing.is_empty() {
        return Ok(Rest::End(End::Refused(refusing)));
    }
    if let Some(due) = tally.next_due.filter(|due| *due > now) {
        return Ok(Rest::End(End::Waiting(due)));
    }
    // Open, due, and not at hand: another process put it back.
    shared.queue().rescan(now);
    Ok(Rest::Until(now + LOOK_AGAIN))
}

/// Whether others send too.
async fn others(shared: &Shared) -> Result<bool, Error> {
    let workers = shared.store.workers().await?;
    Ok(workers.iter().any(|worker| !worker.is_us))
}

/// Brings the mailing to the stage that its end means.
pub(crate) async fn conclude(shared: &Shared, end: End) -> Result<End, Error> {
    let now = shared.now();
    let tally = shared.store.tally(shared.mailing).await?;
    shared.watch.counted(tally);
    let (stage, why) = match &end {
        // Others may still reach it.
        End::Trouble { .. } if shared.is_alone_in_trouble() && others(shared).await? => {
            return Ok(end);
        }
        End::Trouble { why } => (Stage::Paused, why.as_str()),
        _ if tally.open() + tally.of(State::Sending) == 0 => (Stage::Finished, ""),
        _ => return Ok(end),
    };
    shared
        .store
        .set_stage(shared.mailing, stage, why, now)
        .await?;
    if stage == Stage::Finished && matches!(end, End::Waiting(_) | End::Refused(_)) {
        return Ok(End::Finished);
    }
    Ok(end)
}
