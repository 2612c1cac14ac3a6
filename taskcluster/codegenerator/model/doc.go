// Package model is what Taskcluster's references say, made ready to write code
// from: services with their methods and exchanges, and the types of their
// payloads.
//
// It reads reference documents from files or from a deployment, and leaves Go
// code, its names within a package and its comments to the command beside it.
// It keeps nothing.
package model
