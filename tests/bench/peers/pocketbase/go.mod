module peer

go 1.26

require (
	github.com/pocketbase/dbx v1.12.0
	github.com/pocketbase/pocketbase v0.39.0
	github.com/spf13/cobra v1.10.2
)
