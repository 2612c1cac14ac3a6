package deliver

import "verdict/gerrit"

// setReady ends that the change is a work in progress. Where two actions disagree the later one counts.
func setReady(c *change, _ work, into *gerrit.ReviewInput) {
	into.Ready, into.WorkInProgress = c.info.WorkInProgress, false
}

// setWIP begins it.
func setWIP(c *change, _ work, into *gerrit.ReviewInput) {
	into.Ready, into.WorkInProgress = false, !c.info.WorkInProgress
}
