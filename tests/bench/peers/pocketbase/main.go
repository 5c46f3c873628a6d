// The two tables as collections of PocketBase, open to all, with durable commits (its own default syncs at checkpoints only).
//
//	pocketbase fill --dir DIR DATABASE   makes the collections and copies the rows
//	pocketbase serve --dir DIR --http 127.0.0.1:PORT
package main

import (
	"log"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
	"github.com/spf13/cobra"
)

const pragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)"

var columns = map[string][]string{
	"decision": {"reference", "title", "review_id", "review_reference", "review_title"},
	"action_item": {"reference", "version", "created_at", "created_by", "updated_at", "updated_by", "review_id", "kind",
		"title", "description", "root_cause", "owner_id", "deadline", "success_criteria", "priority", "resources",
		"predecessor_id", "status", "original_deadline", "extension_count", "progress_percent", "completed_on",
		"closed_on", "cancelled_on", "ended_at", "status_reason", "cancel_approved_by_id"},
}

func field(name string) core.Field {
	switch name {
	case "version", "extension_count", "progress_percent":
		return &core.NumberField{Name: name}
	case "success_criteria", "resources":
		return &core.JSONField{Name: name}
	case "kind":
		return &core.SelectField{Name: name, Required: true,
			Values: []string{"correction", "corrective", "preventive", "improvement", "change"}}
	case "title":
		return &core.TextField{Name: name, Required: true, Max: 200}
	}
	return &core.TextField{Name: name, Max: 20000}
}

func collection(name string) *core.Collection {
	made := core.NewBaseCollection(name)
	made.ListRule, made.ViewRule, made.CreateRule = types.Pointer(""), types.Pointer(""), types.Pointer("")
	id := made.Fields.GetByName("id").(*core.TextField)
	id.Min, id.Max, id.Pattern = 0, 36, ""
	for _, column := range columns[name] {
		made.Fields.Add(field(column))
	}
	return made
}

func fill(app core.App, path string) error {
	decisions := collection("decision")
	if err := app.Save(decisions); err != nil {
		return err
	}
	items := collection("action_item")
	items.Fields.Add(&core.RelationField{Name: "decision", CollectionId: decisions.Id, Required: true, MaxSelect: 1})
	if err := app.Save(items); err != nil {
		return err
	}
	db := app.NonconcurrentDB()
	if _, err := db.NewQuery("ATTACH {:path} AS peer").Bind(dbx.Params{"path": path}).Execute(); err != nil {
		return err
	}
	for _, name := range []string{"decision", "action_item"} {
		into, from := "id", "id"
		for _, column := range columns[name] {
			into, from = into+", "+column, from+", "+value(column)
		}
		if name == "action_item" {
			into, from = into+", decision", from+", decision_id"
		}
		_, err := db.NewQuery("INSERT INTO main." + name + " (" + into + ") SELECT " + from + " FROM peer." + name).Execute()
		if err != nil {
			return err
		}
	}
	return nil
}

// value of a column where PocketBase stores no NULL.
func value(column string) string {
	switch field(column).(type) {
	case *core.NumberField:
		return "coalesce(" + column + ", 0)"
	case *core.JSONField:
		return column
	}
	return "coalesce(" + column + ", '')"
}

func main() {
	app := pocketbase.NewWithConfig(pocketbase.Config{
		HideStartBanner: true,
		DBConnect:       func(path string) (*dbx.DB, error) { return dbx.Open("sqlite", path+pragmas) },
	})
	app.RootCmd.AddCommand(&cobra.Command{
		Use: "fill DATABASE", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return fill(app, arguments[0]) },
	})
	app.OnRecordCreateRequest("action_item").BindFunc(func(event *core.RecordRequestEvent) error {
		event.Record.Set("decision", event.Request.URL.Query().Get("in"))
		event.Record.Set("status", "open")
		event.Record.Set("original_deadline", event.Record.Get("deadline"))
		return event.Next()
	})
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}
