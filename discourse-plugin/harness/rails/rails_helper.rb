# frozen_string_literal: true

# What Discourse's own rails_helper gives to specs.
require_relative "discourse"
require "rspec/rails"
require "webmock/rspec"
require "mocha/api"
require_relative "fabricators"
require_relative "matchers"

WebMock.disable_net_connect!(allow_localhost: true)

module StandInSpecs
  def sign_in(user)
    StandInSession.current = user.id
    user
  end

  def freeze_time(time = Time.zone.now, &block) = travel_to(time.change(usec: 0), &block)

  def stub_const(target, name, value)
    was = target.const_get(name)
    target.send(:remove_const, name)
    target.const_set(name, value)
    yield
  ensure
    target.send(:remove_const, name)
    target.const_set(name, was)
  end

  def track_sql_queries
    queries = []
    count = lambda do |_name, _start, _finish, _id, payload|
      queries << payload[:sql] unless %w[SCHEMA TRANSACTION CACHE].include?(payload[:name])
    end
    ActiveSupport::Notifications.subscribed(count, "sql.active_record") { yield }
    queries
  end
end

module FabSpecs
  # Discourse makes these once for a group of examples.
  def fab!(name, fabricator = nil, **attributes, &block)
    let!(name) { block ? instance_exec(&block) : Fabricate(fabricator || name, **attributes) }
  end
end

RSpec.configure do |config|
  config.mock_framework = :mocha
  config.infer_spec_type_from_file_location!
  config.use_transactional_fixtures = true
  config.extend FabSpecs
  config.include ActiveSupport::Testing::TimeHelpers
  config.include StandInSpecs
  config.before do
    SiteSetting.reset!
    RateLimiter.disable
    RateLimiter.clear_all!
    StandInSession.current = nil
    Jobs.enqueued.clear
    Discourse.redis.flushdb
    Discourse.cache.clear
    Discourse.warnings.clear
  end
  config.after { travel_back }
end

Dir["#{PLUGIN_DIR}/spec/fabricators/**/*.rb"].sort.each { |file| require file }
require "#{PLUGIN_DIR}/spec/plugin_helper"
