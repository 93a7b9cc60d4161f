# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::Amount do
  it "reads what is an amount, exactly" do
    { "1" => "1", "1.50" => "1.5", "0.00000001" => "0.00000001", "007" => "7",
      "123456789012345678901234.123456789012345678" =>
        "123456789012345678901234.123456789012345678" }.each do |text, written|
      expect(described_class.format(described_class.parse(text))).to eq(written)
    end
  end

  it "reads nothing else" do
    ["", "0", "0.0", ".5", "5.", "-1", "+1", "1e3", "1_000", "1,5", " 1", "1\n", "٣", "NaN", nil, 1,
     1.5, "1" * 25].each { |text| expect(described_class.parse(text)).to be_nil }
  end

  it "allows as many decimals as the asset has, trailing zeros aside" do
    expect(described_class.parse("1.25", decimals: 1)).to be_nil
    expect(described_class.parse("1.2500", decimals: 2)).to eq(BigDecimal("1.25"))
    expect(described_class.parse("1.00", decimals: 0)).to eq(1)
  end
end
