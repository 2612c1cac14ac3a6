package deliver

import (
	"fmt"
	"strings"

	"verdict/gerrit"
)

// addInline puts the comments on lines of an action into a review.
func addInline(w work, into *gerrit.ReviewInput) {
	for _, in := range w.args.Inline {
		if into.Comments == nil {
			into.Comments = map[string][]gerrit.CommentInput{}
		}
		unresolved := in.Unresolved
		into.Comments[in.Path] = append(into.Comments[in.Path], gerrit.CommentInput{
			Line: in.Line, Message: cut(in.Message, maxMessage), Unresolved: &unresolved,
		})
	}
}

// asText moves the comments on lines into the message: Gerrit refuses a review with a comment on a file that the
// patchset doesn't have.
func asText(w work) work {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(w.args.Message))
	for _, in := range w.args.Inline {
		where := in.Path
		if in.Line > 0 {
			where += fmt.Sprintf(":%d", in.Line)
		}
		fmt.Fprintf(&b, "\n\n%s\n%s", where, strings.TrimSpace(in.Message))
	}
	w.args.Message, w.args.Inline = strings.TrimSpace(b.String()), nil
	return w
}
