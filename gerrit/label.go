package gerrit

// LabelInfo contains information about a label on a change, always
// corresponding to the current patch set. "LABELS" gives a summary,
// "DETAILED_LABELS" the votes of everybody.
type LabelInfo struct {
	// Optional means the label may be set, but it's neither
	// necessary for submission nor does it block submission if
	// set.
	Optional bool `json:"optional,omitempty"`

	// Approved and Rejected are who gave the highest and the lowest value that
	// the label has; nil: nobody. They need "LABELS".
	Approved *AccountInfo `json:"approved,omitempty"`
	Rejected *AccountInfo `json:"rejected,omitempty"`

	// All has the votes, and with value 0 the reviewers who have none. It
	// needs "DETAILED_LABELS".
	All []ApprovalInfo `json:"all,omitempty"`

	// Values says what each value means: "+1", " 0". It needs
	// "DETAILED_LABELS".
	Values map[string]string `json:"values,omitempty"`
}

// ApprovalInfo is an account and its vote on a label.
type ApprovalInfo struct {
	AccountInfo
	Value int       `json:"value"`
	Date  TimeStamp `json:"date"`
	// Tag is that of the review that gave the vote.
	Tag string `json:"tag,omitempty"`
	// PermittedVotingRange is what the account may vote; nil: nothing. It is
	// told of open changes only.
	PermittedVotingRange *VotingRangeInfo `json:"permitted_voting_range,omitempty"`
}

// VotingRangeInfo is a range of values of a label, both ends included.
type VotingRangeInfo struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// SubmitRequirementResultInfo is something that has to be met before a change
// can be merged. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#submit-requirement-result-info.
type SubmitRequirementResultInfo struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Status is SATISFIED, UNSATISFIED, OVERRIDDEN, NOT_APPLICABLE, ERROR or
	// FORCED.
	Status string `json:"status"`
	// IsLegacy tells that it stands for a submit rule.
	IsLegacy bool `json:"is_legacy,omitempty"`

	// Applicability, Submittability and Override are the expressions that it
	// is worked out of; nil where it has none.
	Applicability  *SubmitRequirementExpressionInfo `json:"applicability_expression_result,omitempty"`
	Submittability *SubmitRequirementExpressionInfo `json:"submittability_expression_result,omitempty"`
	Override       *SubmitRequirementExpressionInfo `json:"override_expression_result,omitempty"`
}

// SubmitRequirementExpressionInfo is how an expression of a submit requirement
// came out.
type SubmitRequirementExpressionInfo struct {
	Expression string `json:"expression,omitempty"`
	Fulfilled  bool   `json:"fulfilled"`
	// Status is PASS, FAIL, ERROR or NOT_EVALUATED.
	Status       string   `json:"status,omitempty"`
	PassingAtoms []string `json:"passing_atoms,omitempty"`
	FailingAtoms []string `json:"failing_atoms,omitempty"`
	ErrorMessage string   `json:"error_message,omitempty"`
}
