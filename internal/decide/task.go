package decide

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"verdict/internal/deliver"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// taskLife is how long after its deadline a task is kept where a rule doesn't say.
const taskLife = 30 * 24 * time.Hour

// task freezes a task's definition but for its times. Its id is made of what caused it, so creating it twice is
// creating it once; the tasks of one rule and event share a group.
func (d *Decider) task(s *subject, rule *rules.Rule, act rules.Action, known map[string]any, link store.Link, linked bool) (*deliver.TaskArgs, error) {
	def := maps.Clone(act.Task)
	id := taskcluster.TaskIDFrom([]byte(ingest.ID("task", s.ID, rule.Team, rule.Name, act.Key)))
	if act.TaskID != "" {
		id = act.TaskID // of a label, by slugOf
	}
	setDefault(def, "taskGroupId", taskcluster.TaskIDFrom([]byte(ingest.ID("task-group", s.ID, rule.Team, rule.Name))))
	setDefault(def, "schedulerId", d.SchedulerID)
	metadata, _ := def["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	setDefault(metadata, "owner", ownerOf(known))
	setDefault(metadata, "source", sourceOf(known, d.Facts.RootURL))
	def["metadata"] = metadata
	if linked {
		extra, _ := def["extra"].(map[string]any)
		extra = maps.Clone(extra)
		if extra == nil {
			extra = map[string]any{}
		}
		setDefault(extra, "gerrit", map[string]any{
			"server": link.Server, "change": link.Change, "patchset": link.Patchset, "project": link.Project,
			"branch": link.Branch, "revision": link.Revision,
		})
		def["extra"] = extra
	}
	offsets, err := offsetsOf(def, act.LiteralTimes, s.Time)
	if err != nil {
		return nil, err
	}
	frozen, err := json.Marshal(def)
	if err != nil {
		return nil, fmt.Errorf("encode task %s: %w", act.Key, err)
	}
	return &deliver.TaskArgs{TaskID: id, Definition: frozen, Offsets: offsets}, nil
}

// slugOf is the task id that a label of a .taskcluster.yml stands for.
func slugOf(event string, rule *rules.Rule, label string) string {
	return taskcluster.TaskIDFrom([]byte(ingest.ID("task-label", event, rule.Team, rule.Name, label)))
}

// offsetsOf takes the times that are relative to now out of a definition, as milliseconds after now. A time that
// a rule wrote as it is stays.
func offsetsOf(def map[string]any, literal []string, now time.Time) (map[string]int64, error) {
	offsets := map[string]int64{}
	if _, ok := def["created"]; !ok {
		offsets["created"] = 0
	}
	isLiteral := map[string]bool{}
	for _, name := range literal {
		isLiteral[name] = true
	}
	for _, name := range []string{"created", "deadline", "expires"} {
		text, ok := def[name].(string)
		if !ok || isLiteral[name] {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a time", name, text)
		}
		offsets[name] = at.Sub(now).Milliseconds()
		delete(def, name)
	}
	deadline, relative := offsets["deadline"]
	if _, ok := def["expires"]; !ok && relative {
		if _, ok := offsets["expires"]; !ok {
			offsets["expires"] = deadline + taskLife.Milliseconds()
		}
	}
	return offsets, nil
}

// links tie the task and its group to the patchset that they are for, before they exist: whatever is heard of
// them later belongs to it.
func links(task *deliver.TaskArgs, link store.Link, linked bool, rule *rules.Rule) []store.Link {
	if !linked {
		return nil
	}
	var ids struct {
		TaskGroupID string `json:"taskGroupId"`
	}
	_ = json.Unmarshal(task.Definition, &ids) // we wrote it
	link.By = rule.Team + "/" + rule.Name
	ofTask, ofGroup := link, link
	ofTask.Kind, ofTask.ID = "task", task.TaskID
	ofGroup.Kind, ofGroup.ID = "group", ids.TaskGroupID
	return []store.Link{ofTask, ofGroup}
}

func setDefault(m map[string]any, key string, value any) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

func ownerOf(known map[string]any) string {
	if change, ok := known["change"].(map[string]any); ok {
		if owner, ok := change["owner"].(map[string]any); ok {
			if email, ok := owner["email"].(string); ok && email != "" {
				return email
			}
		}
	}
	return "verdict@noreply.invalid"
}

func sourceOf(known map[string]any, rootURL string) string {
	if change, ok := known["change"].(map[string]any); ok {
		if url, ok := change["url"].(string); ok && url != "" {
			return url
		}
	}
	return rootURL
}
