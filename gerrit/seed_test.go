package gerrit_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"verdict/gerrit"
)

// The names of the client of 2018, each used as code written for it did: that
// this compiles is most of the test. TestSeedIsWhole holds the list to the
// client's own documentation.
var (
	_ = [3]string{gerrit.ChangeStatusNew, gerrit.ChangeStatusAbandoned, gerrit.ChangeStatusMerged}
	_ = [2]error{gerrit.ErrChangeNotExist, gerrit.ErrProjectNotExist}

	_ gerrit.Auth                                 = gerrit.NoAuth
	_ func(username, password string) gerrit.Auth = gerrit.BasicAuth
	_ func(username, password string) gerrit.Auth = gerrit.DigestAuth
	_ func(file string) gerrit.Auth               = gerrit.GitCookieFileAuth
	_ func() gerrit.Auth                          = gerrit.GitCookiesAuth

	_ func(url string, auth gerrit.Auth) *gerrit.Client = gerrit.NewClient

	_ = gerrit.AccountInfo{NumericID: int64(1), Name: "", Email: "", Username: "", MoreAccounts: false}
	_ = gerrit.ApprovalInfo{Value: int(1), Date: gerrit.TimeStamp{}}
	_ = gerrit.BranchInfo{Ref: "", Revision: "", CanDelete: false}
	_ = gerrit.ChangeInfo{
		ID: "", ChangeNumber: int(1), Project: "", Branch: "", ChangeID: "", Subject: "", Status: "",
		Created: gerrit.TimeStamp{}, Updated: gerrit.TimeStamp{}, Mergable: false, CurrentRevision: "",
		Revisions: map[string]gerrit.RevisionInfo{}, Owner: &gerrit.AccountInfo{},
		Messages: []gerrit.ChangeMessageInfo{}, Labels: map[string]gerrit.LabelInfo{}, MoreChanges: false,
	}
	_ = gerrit.ChangeMessageInfo{ID: "", Author: &gerrit.AccountInfo{}, Time: gerrit.TimeStamp{}, Message: "", RevisionNumber: int(1)}
	_ = gerrit.Client{HTTPClient: &http.Client{}}
	_ = gerrit.CommentInput{Line: int(1), Message: ""}
	_ = gerrit.CommitInfo{Author: gerrit.GitPersonInfo{}, Committer: gerrit.GitPersonInfo{}, CommitID: "", Subject: "", Message: "", Parents: []gerrit.CommitInfo{}}
	_ = gerrit.FetchInfo{URL: "", Ref: "", Commands: map[string]string{}}
	_ = gerrit.FileInfo{Status: "", Binary: false, OldPath: "", LinesInserted: int(1), LinesDeleted: int(1)}
	_ = gerrit.GitPersonInfo{Name: "", Email: "", Date: gerrit.TimeStamp{}, TZOffset: int(1)}
	_ = gerrit.GroupInfo{ID: "", URL: "", Name: "", GroupID: int64(1), Options: gerrit.GroupOptionsInfo{}, Owner: "", OwnerID: ""}
	_ = gerrit.GroupOptionsInfo{VisibleToAll: false}
	_ = gerrit.HTTPError{Res: &http.Response{}, Body: []byte{}, BodyErr: errors.New("")}
	_ = gerrit.HashtagsInput{Add: []string{}, Remove: []string{}}
	_ = gerrit.LabelInfo{Optional: false, All: []gerrit.ApprovalInfo{}}
	_ = gerrit.ProjectInfo{ID: "", Name: "", Parent: "", CloneURL: "", Description: "", State: "", Branches: map[string]string{}}
	_ = gerrit.ProjectInput{Parent: "", Description: "", SubmitType: "", CreateNewChangeForAllNotInTarget: ""}
	_ = gerrit.QueryAccountsOpt{N: int(1), Start: int(1), Fields: []string{}}
	_ = gerrit.QueryChangesOpt{N: int(1), Fields: []string{}}
	_ = gerrit.ReviewInput{Message: "", Labels: map[string]int{}, Comments: map[string][]gerrit.CommentInput{}}
	_ = gerrit.RevisionInfo{
		Draft: false, PatchSetNumber: int(1), Created: gerrit.TimeStamp{}, Uploader: &gerrit.AccountInfo{}, Ref: "",
		Fetch: map[string]*gerrit.FetchInfo{}, Commit: &gerrit.CommitInfo{}, Files: map[string]*gerrit.FileInfo{},
	}
	_ = gerrit.TimeStamp(time.Time{})

	_ func(*gerrit.AccountInfo, *gerrit.AccountInfo) bool = (*gerrit.AccountInfo).Equal
	_ func(*gerrit.HTTPError) string                      = (*gerrit.HTTPError).Error
	_ func(gerrit.TimeStamp) ([]byte, error)              = gerrit.TimeStamp.MarshalJSON
	_ func(gerrit.TimeStamp) time.Time                    = gerrit.TimeStamp.Time
	_ func(*gerrit.TimeStamp, []byte) error               = (*gerrit.TimeStamp).UnmarshalJSON
)

type (
	client = *gerrit.Client
	ctx    = context.Context
	change = *gerrit.ChangeInfo
)

var seedMethods = map[string]any{
	"AbandonChange":      (func(c client, _ ctx, changeID string, message ...string) error)(client.AbandonChange),
	"AddHashtags":        (func(c client, _ ctx, changeID string, tags ...string) ([]string, error))(client.AddHashtags),
	"CreateProject":      (func(c client, _ ctx, name string, p ...gerrit.ProjectInput) (gerrit.ProjectInfo, error))(client.CreateProject),
	"GetAccountInfo":     (func(c client, _ ctx, accountID string) (gerrit.AccountInfo, error))(client.GetAccountInfo),
	"GetChange":          (func(c client, _ ctx, changeID string, opts ...gerrit.QueryChangesOpt) (change, error))(client.GetChange),
	"GetChangeDetail":    (func(c client, _ ctx, changeID string, opts ...gerrit.QueryChangesOpt) (change, error))(client.GetChangeDetail),
	"GetGroupMembers":    (func(c client, _ ctx, groupID string) ([]gerrit.AccountInfo, error))(client.GetGroupMembers),
	"GetGroups":          (func(c client, _ ctx) (map[string]*gerrit.GroupInfo, error))(client.GetGroups),
	"GetHashtags":        (func(c client, _ ctx, changeID string) ([]string, error))(client.GetHashtags),
	"GetProjectBranches": (func(c client, _ ctx, name string) (map[string]gerrit.BranchInfo, error))(client.GetProjectBranches),
	"GetProjectInfo":     (func(c client, _ ctx, name string) (gerrit.ProjectInfo, error))(client.GetProjectInfo),
	"GetProjects":        (func(c client, _ ctx, branch string) (map[string]*gerrit.ProjectInfo, error))(client.GetProjects),
	"ListProjects":       (func(c client, _ ctx) ([]gerrit.ProjectInfo, error))(client.ListProjects),
	"QueryAccounts":      (func(c client, _ ctx, q string, opts ...gerrit.QueryAccountsOpt) ([]*gerrit.AccountInfo, error))(client.QueryAccounts),
	"QueryChanges":       (func(c client, _ ctx, q string, opts ...gerrit.QueryChangesOpt) ([]change, error))(client.QueryChanges),
	"RemoveHashtags":     (func(c client, _ ctx, changeID string, tags ...string) ([]string, error))(client.RemoveHashtags),
	"SetHashtags":        (func(c client, _ ctx, changeID string, hashtags gerrit.HashtagsInput) ([]string, error))(client.SetHashtags),
	"SetReview":          (func(c client, _ ctx, changeID, revision string, review gerrit.ReviewInput) error)(client.SetReview),
}

func TestErrorsOf2018AreResourcesThatDontExist(t *testing.T) {
	for _, err := range []error{gerrit.ErrChangeNotExist, gerrit.ErrProjectNotExist} {
		if !errors.Is(err, gerrit.ErrResourceNotExist) || !errors.Is(err, err) {
			t.Errorf("%v is not %v", err, gerrit.ErrResourceNotExist)
		}
	}
	if errors.Is(gerrit.ErrChangeNotExist, gerrit.ErrProjectNotExist) || errors.Is(gerrit.ErrResourceNotExist, gerrit.ErrChangeNotExist) {
		t.Error("they are told apart no more")
	}
}

func TestMethodsOf2018AreListed(t *testing.T) {
	all := reflect.TypeFor[client]()
	for name := range seedMethods {
		if _, ok := all.MethodByName(name); !ok {
			t.Errorf("there is no method %s", name)
		}
	}
	if len(seedMethods) != 18 {
		t.Errorf("%d methods are listed, the client of 2018 had 18", len(seedMethods))
	}
}
