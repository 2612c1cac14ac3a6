package gerrit_test

import (
	"context"
	"errors"
	"fmt"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

func ExampleClient_AllChanges() {
	server := gerrittest.NewServer(gerrittest.Config{})
	defer server.Close()
	server.Push(gerrittest.Push{Project: "demo", Subject: "Draw faster"})

	c := gerrit.NewClient(server.URL(), gerrit.BasicAuth("ci-bot", "bot-secret"))
	for change, err := range c.AllChanges(context.Background(), "status:open project:demo", gerrit.QueryChangesOpt{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(change.ChangeNumber, change.Subject)
	}
	// Output: 1 Draw faster
}

func ExampleClient_Review() {
	server := gerrittest.NewServer(gerrittest.Config{})
	defer server.Close()
	push := server.Push(gerrittest.Push{Project: "demo", Subject: "Draw faster"})

	c := gerrit.NewClient(server.URL(), gerrit.BasicAuth("ci-bot", "bot-secret"))
	_, err := c.Review(context.Background(), "demo~1", push.Revision, gerrit.ReviewInput{
		Message: "All tasks passed.", Labels: map[string]int{"Verifed": 1},
	})
	var dropped *gerrit.DroppedVoteError
	if errors.As(err, &dropped) {
		fmt.Println("the message is posted;", dropped.Why["Verifed"].Reason)
	}
	_, err = c.GetChange(context.Background(), "demo~2")
	fmt.Println(errors.Is(err, gerrit.ErrChangeNotExist))
	// Output:
	// the message is posted; no such label
	// true
}
