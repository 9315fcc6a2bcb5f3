//! Read-only looks at the world, for the card and the hand-over.
