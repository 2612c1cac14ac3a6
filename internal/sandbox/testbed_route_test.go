package sandbox

import "testing"

func TestTheRouteThatFitsIsAFact(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: which of the routes it was, and its words
    history:
      - {exchange: queue/task-completed, name: a, routes: [other.a.b, index.gfx.shaders.latest, index.gfx.b.latest]}
      - stands: {messages: ['index.gfx.shaders.latest has shaders of 4 words']}
  - name: of another route it says nothing
    event: {exchange: queue/task-completed, name: a, routes: [index.audio.shaders.latest]}
    expect: {rule: indexed, stopped: on.taskRoute}
  - name: a clause may ask for it
    event: {exchange: queue/task-completed, name: a, routes: [index.gfx.old.latest]}
    expect: {rule: indexed, stopped: 'route.words[2] != "old"'}
  - name: a task is told as soon as it is defined
    event: {task: pending, name: fresh}
    expect: {rule: begun, actions: [{comment: fresh is defined}]}
`, `  - name: indexed
    on: {exchange: queue/task-completed, taskRoute: 'index.gfx.*.latest'}
    when: ['route.words[2] != "old"']
    do:
      - comment: '${route.name} has ${route.words[2]} of ${len(route.words)} words'
  - name: begun
    on: {task: defined}
    when: ['task.name == "fresh"']
    do:
      - comment: '${task.name} is defined'
`))
}
