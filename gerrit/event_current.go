package gerrit

// CurrentEvent tells of a change's current patchset as a Poller does, of a change that was read with CURRENT_REVISION and
// DETAILED_ACCOUNTS. It is for those who ask what would follow of it.
func CurrentEvent(server string, c *ChangeInfo) Event { return currentEvent(server, c) }
