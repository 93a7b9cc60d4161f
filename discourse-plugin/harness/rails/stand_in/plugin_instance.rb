# frozen_string_literal: true

require "ostruct"

module DiscoursePluginRegistry
  class << self
    def problem_checks = (@problem_checks ||= [])
  end
end

module Plugin
  # Evaluates a real plugin.rb. A method that it has not is one of Discourse's that no double exists
  # for yet, or none of Discourse's.
  class Instance
    METADATA = %w[name about version authors url required_version meta_topic_id].freeze

    attr_reader :path, :name, :metadata, :assets, :icons, :admin_route

    def initialize(path)
      @path = path
      @assets = []
      @icons = []
      @after = []
      @metadata = OpenStruct.new(read_metadata)
      @name = metadata.name
    end

    def activate! = instance_eval(File.read(path), path)
    def run_after! = @after.each { |block| instance_eval(&block) }
    def after_initialize(&block) = @after << block
    def enabled? = @enabled_site_setting ? SiteSetting.get(@enabled_site_setting) : true
    def reloadable_patch = yield(self)
    def register_svg_icon(icon) = icons << icon

    def enabled_site_setting(name = nil)
      name ? (@enabled_site_setting = name) : @enabled_site_setting
    end

    def register_asset(file, *options) = assets << [file, *options]

    def add_admin_route(label, location, opts = {})
      unknown = opts.keys - %i[use_new_show_route]
      raise "unknown options #{unknown}" if unknown.any?
      @admin_route = { label: label, location: location, **opts }
    end

    def on(event, &block)
      DiscourseEvent.on(event) { |*args, **keywords| block.call(*args, **keywords) if enabled? }
    end

    def add_to_serializer(serializer, attribute, respect_plugin_enabled: true,
                          include_condition: nil, &block)
      klass = "#{serializer.to_s.camelize}Serializer".constantize
      plugin = self
      klass.attributes(attribute)
      klass.define_method(attribute, &block)
      klass.define_method("include_#{attribute}?") do
        next false if respect_plugin_enabled && !plugin.enabled?
        include_condition ? instance_exec(&include_condition) : true
      end
    end

    def add_to_class(klass, attribute, &block)
      klass = klass.to_s.camelize.constantize unless klass.is_a?(Class)
      klass.define_method(attribute, &block)
    end

    def register_problem_check(klass) = DiscoursePluginRegistry.problem_checks << klass

    def register_user_custom_field_type(name, type, max_length: nil)
      User.register_custom_field_type(name, type, max_length: max_length)
    end

    private

    def read_metadata
      lines = File.readlines(path).drop_while { |line| !line.start_with?("# name:") }
      lines = lines.take_while { |line| line.start_with?("#") }
      found = lines.to_h { |line| line[2..].chomp.split(": ", 2) }
      unknown = found.keys - METADATA
      raise "plugin.rb: unknown metadata #{unknown.join(", ")}" if unknown.any?
      found
    end
  end
end
