//! Invoices that a node can read and must not pay.

use crate::Network;

/// What is odd about an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// It is for this network, which is not the node's. Asked for of `Dev` and `Testnet` alone.
    Network(Network),
    /// It is over an asset that nobody has.
    Asset,
    /// The payer chooses the amount.
    NoAmount,
    /// It never runs out.
    NoExpiry,
}

impl Oddity {
    /// Such an invoice, signed by a payee whom nobody can reach, and good for a hundred years. Where
    /// nothing else is odd it is over 1 CKB, for a development chain.
    pub const fn encoded(self) -> &'static str {
        match self {
            Self::Network(Network::Testnet) => TESTNET,
            Self::Network(Network::Mainnet | Network::Dev) => DEV,
            Self::Asset => UNKNOWN_ASSET,
            Self::NoAmount => NO_AMOUNT,
            Self::NoExpiry => NO_EXPIRY,
        }
    }
}

const TESTNET: &str = "fibt1000000001p5902zhcvajgfw0pnm6vk5k7saqmdhwgvw5hxv9up99tmsj7fgey5wc5qrj82mhr955lcaglzadyz294tkz55957fu3r6rg8x42u4kunwjuh2mp2058rznwrncmk7a2hccygluwz842fuldr4jvheppny7zyx2tp8hypg4jw2htxvm83k8zfewwes2gmn3z698sgy74umsjthgf5dfpwun8c4wpph0f3t5w9x4yml6d7ny2zeqyhurpllp0ra3zewlnqx3yj4fg4dujjrf4x2r0nzrhu9nhsqm2fh2j";
const DEV: &str = "fibd1000000001p5902zhcvajgfw0pnm6vk5k7saqmdhwgvw5hxv9ug5vrkqkltf2g7y3cxyr0juy4famy99fugsfa4z94t7z54457fu3r6rg8x42u4kunwjuh2mp2058rznwrncmk7a2hccygluwz842fuldr4jvheppny7zyx2tp8hypg4jw2htxvm83k8zfewwesd0pamjw5n3l4d5vjthvcgmfmmy3eas4hqr83fucdcrc0egkglvk9sn0qme2gadmhujpwye9694tmcd0wz2nrmxn0rdza79jve0n5nugq4ngpmp";
const NO_AMOUNT: &str = "fibd1p5902zhcvajgfw0pnm6vk5k7saqmdhwgvw5hxv9usrjmssmpx5dgzpph8x0x5xtwmgh0x62mqetluj94mkz4394ypuj9jrg8fs8xfgsnwnl827wtu58rn8wftp0hck27rcv00lyn5nw3a6smarj5kqge0hct29edtywcrulfsl3z2v5sapuejm69s2ckutdfj3nnky9qsqjhum54xaplgrffte26ttvxdmyztgxjc95r9h727h9l9f3me2payujtef0gacd89qd6w3yfrxwdnuderdvjxfncp546k93";
const NO_EXPIRY: &str = "fibd1000000001pj9hfzmhuljgfw0pnm6vk5k7saqmw09n65905vpuhjentppt9220wz787gg0fs3gf8l0z6z7m2xqr4h8kpcvxpqchs2xv5qx24mxagkm6j9nevhfq7rcxxvjqrve0mf4ds3ryj97262eeej53k7652666cue7vg0dvf4xz8nysqukwv2qwhltnppt8tzacmrg5j0ssjk3y6e98skkx0g3p5hf7yqx6pqlt4x5z7534j588mwuxslfp7slkcjt6m8cjd3ct02er8t04y7uqqwsxmdg";
const UNKNOWN_ASSET: &str = "fibd1000000001pqmaqgqqa65qzg7dwfhdd00qjf7hxacakhdqza743t6x64a7sdlhuewxxs4d46tgt6js6kyghn3vq677k7qlzhdwrz02y0jysyanrcuelwwxxv8zuxxuxvuw36r48wyglvxvkzjm4ewh4pjyg9n8umj2zrapnlc4azql2pq465aln5fejvpdu7e6evd0ft5t65xmqgkwqy0w7dw47qpqf0d4mympkrf742xtldf8ge88fkq0fuga3wtl54mmn90ascsvudnrf05yqq885yn5a6kgz0mtl0e3etqlxu0a4ekrhsqrgrpn39k2nzsjrd6clr0kdhgj86l59fxnpynl20lagtqwctzp34glykdxu3lxrxu3j6vusqcldda9";
