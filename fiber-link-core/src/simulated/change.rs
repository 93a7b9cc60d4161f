//! What the simulated node tells its subscribers.

use crate::{InvoiceState, PaymentHash, PaymentState, Preimage};

/// Something that the node wrote down, as a real node tells it: that an invoice expired is computed
/// on reading and never told.
#[derive(Clone, Debug)]
pub enum NodeChange {
    /// An invoice was made, or stands elsewhere now.
    Invoice {
        /// Which one.
        payment_hash: PaymentHash,
        /// Where it stands.
        state: InvoiceState,
    },
    /// A preimage became known, also before anybody paid.
    Preimage {
        /// Whose.
        payment_hash: PaymentHash,
        /// The preimage.
        preimage: Preimage,
    },
    /// A payment began or ended.
    Payment {
        /// Which one.
        payment_hash: PaymentHash,
        /// Where it stands.
        state: PaymentState,
    },
}
