# frozen_string_literal: true

# A thin stand-in for the parts of Discourse that the plugin touches on the server: real Rails,
# routing and PostgreSQL; only Discourse's own classes are small doubles. What a double does not
# know, it refuses.

ENV["RAILS_ENV"] ||= "test"

require "logger"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "net/http"
require "yaml"

require_relative "postgres"

PLUGIN_DIR = File.expand_path(ENV.fetch("PLUGIN_DIR", File.join(__dir__, "../..")))
DATABASE = Postgres.start

%w[
  core
  application
  redis
  cache
  route_format
  problem_check
  site_setting
  rate_limiter
  distributed_mutex
  discourse_event
  jobs
  message_bus
  plugin_instance
].each { |part| require_relative "stand_in/#{part}" }

SiteSetting.load_settings("#{__dir__}/stand_in/site_settings.yml")
SiteSetting.load_settings("#{PLUGIN_DIR}/config/settings.yml", plugin: "fiber-link")
plugin = Plugin::Instance.new("#{PLUGIN_DIR}/plugin.rb")
Discourse.plugins << plugin

%w[models guardian notification post_workflows user_workflows serializers topic_view].each do |part|
  require_relative "stand_in/#{part}"
end
require_relative "stand_in/controllers"

plugin.activate!
Rails.autoloaders.main.ignore("#{PLUGIN_DIR}/app/jobs")
# Zeitwerk in Debian 12 has no eager_load_dir; the jobs are loaded below.
unless Rails.autoloaders.main.respond_to?(:eager_load_dir)
  Rails.autoloaders.main.define_singleton_method(:eager_load_dir) { |_dir| }
end
I18n.load_path += Dir["#{PLUGIN_DIR}/config/locales/*.en.yml"]
I18n.load_path << "#{__dir__}/stand_in/server.en.yml"
Discourse::Application.initialize!

require_relative "stand_in/schema"
SiteSetting.check_settings!
Dir["#{PLUGIN_DIR}/app/jobs/**/*.rb"].sort.each { |file| require file }
plugin.run_after!
