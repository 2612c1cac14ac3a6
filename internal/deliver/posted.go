package deliver

import "strings"

// Posted reads the marker of a message, whosever it is: the bot's instance, and the beginnings of the ids of the actions
// that the post carries. The instance is empty where the last line is no marker.
func Posted(message string) (instance string, actions []string) {
	message = strings.TrimRight(message, " \n")
	fields := strings.Fields(message[strings.LastIndexByte(message, '\n')+1:])
	if len(fields) < 2 || fields[0] != "Verdict" {
		return "", nil
	}
	for _, word := range fields[1:] {
		of, id, ok := strings.Cut(word, "/")
		if !ok || of == "" || len(id) != MarkerLength || instance != "" && of != instance {
			continue // the dashboard's address
		}
		instance, actions = of, append(actions, id)
	}
	return instance, actions
}
