package gerrittest_test

import (
	"testing"

	"verdict/gerrit/gerrittest"
)

// contract are the cases that hold for the fake and for the real server. Each
// works on a change of its own.
var contract = []struct {
	name string
	run  func(t *testing.T, e *env)
}{
	{"AnswersBeginWithAPrefix", answersBeginWithAPrefix},
	{"AnswersHaveATrace", answersHaveATrace},
	{"WrongPasswordIs401", wrongPasswordIs401},
	{"CredentialsCountOnlyBelowA", credentialsCountOnlyBelowA},
	{"NobodyMayWrite", nobodyMayWrite},
	{"BadJSONIsRefused", badJSONIsRefused},
	{"TextBodyIsPosted", textBodyIsPosted},
	{"UnknownViewIs404", unknownViewIs404},
	{"AChangeHasFourNames", aChangeHasFourNames},
	{"UnknownChangeIs404", unknownChangeIs404},
	{"UnknownRevisionIs404", unknownRevisionIs404},

	{"QueryGivesTheLastUpdatedFirst", queryGivesTheLastUpdatedFirst},
	{"QueryPages", queryPages},
	{"QueryTerms", queryTerms},
	{"QueryTimesIncludeTheSecond", queryTimesIncludeTheSecond},
	{"QueryErrors", queryErrors},
	{"QueryGivesOnlyTheFieldsAskedFor", queryGivesOnlyTheFieldsAskedFor},
	{"SeveralQueriesGiveSeveralLists", severalQueriesGiveSeveralLists},

	{"DetailTellsAll", detailTellsAll},
	{"PatchsetsHaveAKind", patchsetsHaveAKind},
	{"FilesOfARevision", filesOfARevision},
	{"PushWithAHashtagSaysOnlyThat", pushWithAHashtagSaysOnlyThat},

	{"VoteIsShownAndSaid", voteIsShownAndSaid},
	{"SameVoteWithoutMessageIsNothing", sameVoteWithoutMessageIsNothing},
	{"SameVoteWithMessageIsPostedAgain", sameVoteWithMessageIsPostedAgain},
	{"EmptyReviewIsNothing", emptyReviewIsNothing},
	{"ZeroTakesAVoteBack", zeroTakesAVoteBack},
	{"UnknownLabelIsDropped", unknownLabelIsDropped},
	{"ValueOutOfRangeIsDropped", valueOutOfRangeIsDropped},
	{"ForbiddenVoteRefusesAll", forbiddenVoteRefusesAll},
	{"LabelsMayBeStrings", labelsMayBeStrings},
	{"SeveralVotesAreOneMessage", severalVotesAreOneMessage},
	{"MessageHasALimit", messageHasALimit},
	{"MessageIsTrimmed", messageIsTrimmed},
	{"CommentsAreCounted", commentsAreCounted},
	{"OnlyTheOwnerSetsWIP", onlyTheOwnerSetsWIP},
	{"VoteIsCopiedToTheSameCode", voteIsCopiedToTheSameCode},
	{"VoteIsLostOnOtherCode", voteIsLostOnOtherCode},
	{"LateVoteIsCopiedForward", lateVoteIsCopiedForward},
	{"LateVoteStopsAtAVoteOfItsOwn", lateVoteStopsAtAVoteOfItsOwn},
	{"RepeatedCopiedVoteIsSaid", repeatedCopiedVoteIsSaid},
	{"VoteCanBeRemoved", voteCanBeRemoved},

	{"HashtagsAnswerTheWholeSet", hashtagsAnswerTheWholeSet},
	{"HashtagsAreCleaned", hashtagsAreCleaned},
	{"HashtagsAreSaid", hashtagsAreSaid},
	{"HashtagsNeedARight", hashtagsNeedARight},

	{"AbandonedChangeTakesNoVotes", abandonedChangeTakesNoVotes},
	{"AbandonAndRestore", abandonAndRestore},
	{"SubmitNeedsApproval", submitNeedsApproval},
	{"MergedChangeOnlyRaisesVotes", mergedChangeOnlyRaisesVotes},
	{"DeletedChangeIs404", deletedChangeIs404},
	{"WIPIsSaid", wipIsSaid},
	{"PrivateChangeIsHidden", privateChangeIsHidden},

	{"AccountsHaveThreeNames", accountsHaveThreeNames},
	{"AccountsAreQueried", accountsAreQueried},
	{"GroupsAreThoseWeSee", groupsAreThoseWeSee},
	{"QueryLimitIs500", queryLimitIs500},

	{"PollFindsWhatHappened", pollFindsWhatHappened},
	{"FirstPollFindsOpenChanges", firstPollFindsOpenChanges},
	{"PollSeesUpdatesOfOneSecond", pollSeesUpdatesOfOneSecond},
}

func TestContractOfTheFake(t *testing.T) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, _ := newFake(t, gerrittest.Config{})
			c.run(t, e)
		})
	}
}

func TestContractOfTheRealServer(t *testing.T) {
	e := newReal(t)
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) { c.run(t, e) })
	}
}
