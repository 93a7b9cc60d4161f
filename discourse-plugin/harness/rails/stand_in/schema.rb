# frozen_string_literal: true

ActiveRecord::Schema.verbose = false
ActiveRecord::Migration.verbose = false

ActiveRecord::Schema.define do
  create_table(:users) do |t|
    t.string :username, :username_lower, :name
    t.boolean :admin, :moderator, null: false, default: false
    t.integer :trust_level, null: false, default: 1
    t.datetime :silenced_till, :suspended_till
    t.boolean :active, null: false, default: true
    t.boolean :staged, null: false, default: false
    t.timestamps
  end
  create_table(:user_custom_fields) do |t|
    t.integer :user_id
    t.string :name
    t.text :value
    t.timestamps
  end
  create_table(:ignored_users) do |t|
    t.integer :user_id, :ignored_user_id, null: false
    t.datetime :expiring_at, null: false
    t.timestamps
  end
  create_table(:muted_users) do |t|
    t.integer :user_id, :muted_user_id, null: false
    t.timestamps
  end
  create_table(:groups) { |t| t.string :name }
  # The lower ones are those of automatic groups.
  execute "ALTER SEQUENCE groups_id_seq RESTART WITH 41"
  create_table(:group_users) { |t| t.integer :group_id, :user_id }
  create_table(:categories) do |t|
    t.string :name, :slug
    t.integer :parent_category_id
    t.boolean :read_restricted, null: false, default: false
    t.integer :group_ids, array: true, null: false, default: []
  end
  create_table(:topics) do |t|
    t.string :title, :slug
    t.integer :user_id, :category_id, :deleted_by_id
    t.string :archetype, null: false, default: "regular"
    t.boolean :visible, null: false, default: true
    t.datetime :deleted_at
    t.timestamps
  end
  create_table(:topic_allowed_users) { |t| t.integer :topic_id, :user_id }
  create_table(:posts) do |t|
    t.integer :topic_id, :user_id, :post_number, :deleted_by_id
    t.text :raw
    t.integer :post_type, null: false, default: 1
    t.boolean :hidden, null: false, default: false
    t.boolean :user_deleted, null: false, default: false
    t.datetime :deleted_at
    t.timestamps
  end
  add_index :posts, %i[topic_id post_number], unique: true
  create_table(:notifications) do |t|
    t.integer :notification_type, :user_id, null: false
    t.string :data, null: false, limit: 1000
    t.boolean :read, :high_priority, null: false, default: false
    t.integer :topic_id, :post_number
    t.timestamps
  end
  create_table(:plugin_store_rows) do |t|
    t.string :plugin_name, :key, :type_name
    t.text :value
  end
  add_index :plugin_store_rows, %i[plugin_name key], unique: true
end

paths = ["#{PLUGIN_DIR}/db/migrate", "#{PLUGIN_DIR}/db/post_migrate"]
ActiveRecord::MigrationContext.new(paths, ActiveRecord::SchemaMigration).migrate
[User, Group, Category, Topic, Post, Notification, PluginStoreRow].each(&:reset_column_information)
