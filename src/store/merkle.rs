//! The Merkle tree over the journal: RFC 9162, section 2.1. A leaf is the chain hash of an entry, in the order of the
//! journal. Only the tree's right edge is kept, so adding a leaf and asking for the root take O(log n).
//!
//! Not here: proofs for single entries. A verifier has the whole export and computes every root itself.

use sha2::{Digest, Sha256};

/// A node of the tree, or its root.
pub type NodeHash = [u8; 32];

/// A tree that only grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// Roots of the full subtrees that the leaves fall into, the largest first; one for each bit that is set in `size`.
    edge: Vec<NodeHash>,
}

impl Tree {
    /// Adds a leaf on the right.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut node = leaf_hash(leaf);
        let mut rest = self.size;
        while rest & 1 == 1
            && let Some(left) = self.edge.pop()
        {
            node = node_hash(&left, &node);
            rest >>= 1;
        }
        self.edge.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash that commits to every leaf and their order. Of the empty tree: SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> NodeHash {
        let mut subtrees = self.edge.iter().rev();
        let Some(smallest) = subtrees.next() else {
            return Sha256::digest(b"").into();
        };
        subtrees.fold(*smallest, |right, left| node_hash(left, &right))
    }
}

fn leaf_hash(leaf: &[u8]) -> NodeHash {
    Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into()
}

fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    Sha256::new_with_prefix([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The leaves and roots that implementations of Certificate Transparency are tested with.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_the_published_vectors() {
        let mut tree = Tree::default();
        assert_eq!(hex::encode(tree.root()), ROOTS[0]);
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            tree.push(&hex::decode(leaf).unwrap());
            assert_eq!(hex::encode(tree.root()), *root, "{} leaves", tree.size());
        }
    }

    /// The definition of RFC 9162, word for word: split at the largest power of two below the size.
    fn by_definition(leaves: &[Vec<u8>]) -> NodeHash {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [leaf] => leaf_hash(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    proptest! {
        #[test]
        fn a_growing_tree_is_the_tree_by_definition(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..70)) {
            let mut tree = Tree::default();
            for leaf in &leaves {
                tree.push(leaf);
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
        }
    }
}
