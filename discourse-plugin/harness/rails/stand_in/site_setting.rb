# frozen_string_literal: true

# Settings of real settings.yml files, with their types, limits and validators.
class SiteSetting
  OPTIONS = %w[
    default client type secret min max hidden list_type choices allow_any refresh area
    mandatory_values validator regex textarea enum locale_default shadowed_by_global
  ].freeze
  TYPES = %i[string integer bool list group_list category_list enum].freeze
  LISTS = %i[list group_list category_list].freeze
  # Not every Discourse has a method NAME_map for lists of categories.
  MAPPED = %i[list group_list].freeze

  class << self
    def definitions = (@definitions ||= {})

    def load_settings(file, plugin: nil)
      YAML.load_file(file).each do |category, settings|
        settings.each { |name, options| define(name.to_sym, options, category, plugin) }
      end
    end

    def get(name) = public_send(name)
    def set(name, value) = public_send("#{name}=", value)
    def has_setting?(name) = definitions.key?(name.to_sym)
    def secret_settings = definitions.select { |_, definition| definition[:secret] }.keys
    def client_settings = definitions.select { |_, definition| definition[:client] }.keys
    def plugins = definitions.transform_values { |definition| definition[:plugin] }
    def remove_override!(name) = values.delete(name.to_sym)
    def reset! = values.clear

    def client_settings_json
      client_settings.to_h { |name| [name, get(name)] }.to_json
    end

    # Every setting has a description, every category a name, every validator exists.
    def check_settings!
      definitions.each do |name, definition|
        I18n.t!("site_settings.#{name}")
        I18n.t!("admin_js.admin.site_settings.categories.#{definition[:category]}")
        validator(name)
        validate!(name, definition[:default]) if definition[:default] != ""
      end
    end

    private

    def values = (@values ||= {})

    def define(name, options, category, plugin)
      unknown = options.keys - OPTIONS
      raise "#{name}: unknown option #{unknown.join(", ")}" if unknown.any?
      type = (options["type"] || implied_type(options["default"])).to_sym
      raise "#{name}: unknown type #{type}" unless TYPES.include?(type)
      raise "#{name}: defined twice" if definitions.key?(name)

      definitions[name] = {
        type: type, default: options["default"], client: options["client"],
        secret: options["secret"], min: options["min"], max: options["max"],
        validator: options["validator"], regex: options["regex"], category: category,
        plugin: plugin, choices: options["choices"]
      }
      define_singleton_method(name) { values.fetch(name, definitions[name][:default]) }
      define_singleton_method("#{name}=") { |value| values[name] = validate!(name, value) }
      define_map(name, type) if MAPPED.include?(type)
      define_singleton_method("#{name}?") { public_send(name) } if type == :bool
    end

    def define_map(name, type)
      define_singleton_method("#{name}_map") do
        items = public_send(name).to_s.split("|")
        type == :list ? items : items.map(&:to_i)
      end
    end

    def implied_type(default)
      case default
      when true, false then "bool"
      when Integer then "integer"
      when String then "string"
      else raise "a default of class #{default.class}"
      end
    end

    def validate!(name, value)
      definition = definitions.fetch(name)
      value = convert(name, definition[:type], value)
      limits!(name, definition, value) if definition[:type] == :integer
      if definition[:regex] && !value.match?(Regexp.new(definition[:regex]))
        raise Discourse::InvalidParameters, "#{name}: #{value}"
      end
      check = validator(name)
      return value if check.nil? || check.valid_value?(value)
      raise Discourse::InvalidParameters, "#{name}: #{check.error_message}"
    end

    def convert(name, type, value)
      fits =
        case type
        when :bool then [true, false].include?(value)
        when :integer then value.is_a?(Integer)
        when :group_list, :category_list then value.to_s.match?(/\A(-?\d+(\|-?\d+)*)?\z/)
        else value.is_a?(String)
        end
      raise Discourse::InvalidParameters, "#{name}: #{value.inspect} is no #{type}" unless fits
      LISTS.include?(type) ? value.to_s : value
    end

    def limits!(name, definition, value)
      low = definition[:min] || 0
      high = definition[:max] || 2_000_000_000
      return if value.between?(low, high)
      raise Discourse::InvalidParameters, "#{name}: must be between #{low} and #{high}"
    end

    def validator(name)
      definitions.fetch(name)[:validator]&.constantize&.new({ name: name })
    end
  end
end
