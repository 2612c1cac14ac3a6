package store

// PruneSets is what Prune does of rules that are no longer in force, with the decisions left as they are.
var PruneSets = (*Store).pruneSets
