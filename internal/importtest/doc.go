// Package importtest holds the directions in which this module's packages may
// import each other, and who may import which library, as a test. The reasons
// are ARCHITECTURE.md's.
package importtest
