//! What happens outside of our servers: requests that travel, payments that run, people who pay.

use super::payments::Begun;
use super::{Node, refused};
use crate::simulator::executor::Group;
use crate::simulator::faults::Fault;
use crate::simulator::story::short;
use crate::simulator::world::World;
use crate::{
    Amount, Invoice, InvoiceRequest, InvoiceState, NodeError, PaymentHash, PaymentRequest, PaymentStatus,
};
use std::sync::Arc;
use std::time::Duration;

/// What a node is told to do.
pub(super) enum Command {
    CreateInvoice(InvoiceRequest),
    SendPayment(PaymentRequest),
}

/// What it did.
pub(super) enum Done {
    Created(Invoice),
    Sent(PaymentStatus),
}

/// How a payment goes.
#[derive(Clone, Copy, Debug)]
enum Course {
    Succeeds,
    SucceedsLate,
    /// It fails at once, and the call says so.
    NoRoute,
    Fails,
    Hangs,
    HangsPaid,
    FailsInFlight,
}

/// A request arrives at the node; nobody is there while it is down.
pub(super) fn carry_out(world: &Arc<World>, command: Command) -> Option<Result<Done, NodeError>> {
    if !world.state().node.is_up() {
        return None;
    }
    Some(match command {
        Command::CreateInvoice(request) => {
            let hash = request.preimage.payment_hash();
            world.watch(|oracle, sight| oracle.before_invoice(sight, &request));
            let (mut state, now) = (world.state(), world.now());
            state.story.tell(now, || format!("node: makes the invoice {}", short(&hash)));
            state.node.create_invoice(&request, now).map(Done::Created)
        }
        Command::SendPayment(request) => send_payment(world, &request).map(Done::Sent),
    })
}

fn send_payment(world: &Arc<World>, request: &PaymentRequest) -> Result<PaymentStatus, NodeError> {
    let begun = world.state().node.send_payment(request, world.now());
    let name = short(&request.payment_hash);
    let begun = begun.inspect_err(|error| world.tell(|| format!("node: refuses to pay {name}: {error}")))?;
    let course = course(world, &begun);
    world.tell(|| format!("node: begins to pay {name}, and it goes so: {course:?}"));
    let status = begun.status.clone();
    if let Course::NoRoute = course {
        world.state().node.give_up(&begun, "no path found", world.now());
        return Err(refused("no path found"));
    }
    world.handle().spawn(Group::WORLD, run(world.clone(), begun, course, request.clone()));
    Ok(status)
}

fn course(world: &World, begun: &Begun) -> Course {
    if begun.used {
        return Course::Fails;
    }
    let courses = [
        (Fault::PaymentHangs, Course::Hangs),
        (Fault::PaymentHangsPaid, Course::HangsPaid),
        (Fault::FailedInFlight, Course::FailsInFlight),
        (Fault::PaymentFails, Course::Fails),
        (Fault::PaymentSlow, Course::SucceedsLate),
    ];
    let struck = courses.into_iter().find(|(fault, _)| world.strikes(*fault));
    let course = struck.map_or(Course::Succeeds, |(_, course)| course);
    if matches!(course, Course::Fails) && world.state().luck.random().one_in(2) {
        return Course::NoRoute;
    }
    course
}

/// A payment runs its course, whatever becomes of who asked for it.
async fn run(world: Arc<World>, begun: Begun, course: Course, request: PaymentRequest) {
    let (short_while, long_while) = (Duration::from_millis(50), Duration::from_secs(3));
    let takes = match course {
        Course::SucceedsLate => world.duration(long_while, Duration::from_secs(2 * 3600)),
        Course::Succeeds
        | Course::NoRoute
        | Course::Fails
        | Course::Hangs
        | Course::HangsPaid
        | Course::FailsInFlight => world.duration(short_while, long_while),
    };
    world.handle().sleep(takes).await;
    let (amount, fee) = (request.amount, fee(&world, &request));
    {
        let (mut state, now) = (world.state(), world.now());
        let node = &mut state.node;
        // A node that was restarted may have forgotten to go on with it.
        let course = if node.goes_on_with(&begun) { course } else { Course::Hangs };
        match course {
            Course::Succeeds | Course::SucceedsLate => node.succeed(&begun, amount, fee, now),
            Course::Fails | Course::NoRoute => node.give_up(&begun, "the payee is gone", now),
            Course::Hangs => {
                node.hang(&begun);
                return;
            }
            Course::HangsPaid => {
                node.hang(&begun);
                node.succeed_unheard(&begun, amount, fee);
            }
            Course::FailsInFlight => node.call_failed(&begun, "a part failed", now),
        }
    }
    match course {
        Course::Succeeds | Course::SucceedsLate | Course::HangsPaid => paid(&world, begun.hash),
        Course::FailsInFlight => {
            let later = world.duration(Duration::from_secs(1), Duration::from_secs(600));
            world.handle().sleep(later).await;
            world.state().node.succeed_unheard(&begun, amount, fee);
            paid(&world, begun.hash);
        }
        Course::NoRoute | Course::Fails | Course::Hangs => {
            world.tell(|| format!("node: the payment of {} failed", short(&begun.hash)));
        }
    }
}

fn paid(world: &World, hash: PaymentHash) {
    world.tell(|| format!("network: {} is paid", short(&hash)));
    world.watch(|oracle, sight| oracle.after_payment(sight, hash));
}

fn fee(world: &World, request: &PaymentRequest) -> Amount {
    let most = request.fee_limit.units().min(request.amount.units() / 1000);
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    Amount::new(world.state().luck.random().between(0, most))
}

/// A payer pays an invoice of ours: the money is held for a while, and then claimed.
pub(in crate::simulator) async fn drive_payer(world: Arc<World>, hash: PaymentHash) {
    let amount = paid_amount(&world, &hash);
    {
        let (mut state, now) = (world.state(), world.now());
        if !state.node.is_up() || !state.node.hold(hash, amount, now) {
            state.story.tell(now, || format!("payer: {} cannot be paid with {amount}", short(&hash)));
            return;
        }
        state.story.tell(now, || format!("payer: pays {} with {amount}", short(&hash)));
    }
    let mut held = world.duration(Duration::from_millis(20), Duration::from_secs(2));
    if world.strikes(Fault::EndedThenPaid) {
        let mut state = world.state();
        let ended =
            if state.luck.random().one_in(2) { InvoiceState::Cancelled } else { InvoiceState::Expired };
        state.node.end_while_held(hash, ended, world.now());
        held = state.luck.random().duration(Duration::from_secs(1), Duration::from_secs(3600));
    }
    world.handle().sleep(held).await;
    let claimed = world.state().node.claim(hash, world.now());
    if claimed {
        world.tell(|| format!("node: {} is paid", short(&hash)));
        world.step();
        hint(&world, hash);
    }
}

/// What a payer sends: mostly what the invoice asks.
fn paid_amount(world: &World, hash: &PaymentHash) -> Amount {
    let invoiced = world.state().node.invoiced(hash).unwrap_or(Amount::ZERO);
    let less = world.strikes(Fault::PaidTooLittle);
    if !less && !world.strikes(Fault::PaidTooMuch) {
        return invoiced;
    }
    let most = u64::try_from(invoiced.units()).unwrap_or(u64::MAX);
    let difference = Amount::new(world.state().luck.random().between(1, most));
    if less {
        invoiced.saturating_sub(difference)
    } else {
        invoiced.checked_add(difference).unwrap_or(invoiced)
    }
}

/// The node tells its listeners, as far as it is heard.
fn hint(world: &Arc<World>, hash: PaymentHash) {
    let mut waits = Vec::new();
    if !world.strikes(Fault::HintLost) {
        waits.push((hash, Duration::from_millis(10)));
    }
    if world.strikes(Fault::HintRepeated) {
        waits.push((hash, Duration::from_millis(20)));
    }
    if world.strikes(Fault::HintLate) {
        waits.push((hash, world.duration(Duration::from_secs(1), Duration::from_secs(300))));
    }
    if world.strikes(Fault::HintLies) {
        let bytes = world.state().luck.random().bytes();
        let other = world.state().node.some_invoice(bytes.into_iter().map(usize::from).sum());
        waits.push((other.unwrap_or(PaymentHash::new(bytes)), Duration::from_millis(15)));
    }
    for (hash, wait) in waits {
        let world = world.clone();
        world.handle().spawn(Group::WORLD, {
            let world = world.clone();
            async move {
                world.handle().sleep(wait).await;
                world.state().node.tell(hash);
            }
        });
    }
}

impl Node {
    /// Any invoice, for a hint that lies.
    fn some_invoice(&self, n: usize) -> Option<PaymentHash> {
        let place = n.checked_rem(self.memory.invoices.len())?;
        self.memory.invoices.keys().nth(place).copied()
    }
}
