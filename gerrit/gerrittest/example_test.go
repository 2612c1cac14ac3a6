package gerrittest_test

import (
	"context"
	"fmt"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

func Example() {
	s := gerrittest.NewServer(gerrittest.Config{})
	defer s.Close()
	p := s.Push(gerrittest.Push{Project: "demo", Subject: "Draw faster", Files: map[string]string{"draw.c": "…"}})

	bot := gerrit.NewClient(s.URL(), gerrit.BasicAuth("ci-bot", "bot-secret"))
	err := bot.SetReview(context.Background(), "demo~1", p.Revision, gerrit.ReviewInput{
		Labels: map[string]int{"Verified": -1}, Message: "The build failed.",
	})
	c := s.Change(p.Change)
	fmt.Println(err, c.Votes)
	fmt.Println(c.Messages[1].Text)
	// Output:
	// <nil> map[Verified:map[ci-bot:-1]]
	// Patch Set 1: Verified-1
	//
	// The build failed.
}
