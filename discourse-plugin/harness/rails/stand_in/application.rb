# frozen_string_literal: true

module Discourse
  class Application < ::Rails::Application
    config.load_defaults 6.1
    config.eager_load = false
    config.root = File.expand_path("..", __dir__)
    config.secret_key_base = "x" * 64
    config.hosts.clear
    config.logger = Logger.new(ENV["STAND_IN_LOG"] || File::NULL)
    config.log_level = :debug
    config.consider_all_requests_local = false
    config.action_dispatch.show_exceptions = true
    config.action_controller.allow_forgery_protection = ENV["RAILS_ENV"] != "test"
    config.session_store :cookie_store, key: "_forum_session"
    config.paths["config/database"] = [DATABASE.configuration]
    config.active_record.maintain_test_schema = false
  end
end

# Discourse's migrations name a newer Rails than Debian's.
module NewerMigrations
  def [](version)
    version > ActiveRecord::Migration.current_version ? super(6.1) : super
  end
end
ActiveRecord::Migration.singleton_class.prepend(NewerMigrations)
